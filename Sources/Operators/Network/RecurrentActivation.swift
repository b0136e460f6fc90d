import Foundation
import HoneIR
import HoneKernels

/// A function that a recurrent operator applies to a gate.
struct RecurrentActivation: Sendable, Hashable {
  enum Function: String {
    case relu, tanh, sigmoid, affine, leakyrelu, thresholdedrelu, scaledtanh, hardsigmoid, elu, softsign, softplus
  }
  var function: Function
  var alpha: Double
  var beta: Double

  /// The functions called `names`; `alphas` and `betas` belong, in order, to those that have such a parameter.
  static func parse(_ names: [String], alphas: [Float], betas: [Float]) throws(GraphError) -> [RecurrentActivation] {
    var (alphas, betas) = (alphas[...], betas[...])
    var result: [RecurrentActivation] = []
    for name in names {
      guard let function = Function(rawValue: name.lowercased()) else {
        throw GraphError(.attribute, "activation ‘\(name)’ is not known")
      }
      let (alpha, beta) = function.defaults
      result.append(
        RecurrentActivation(
          function: function, alpha: alpha.map { alphas.popFirst().map(Double.init) ?? $0 } ?? 0,
          beta: beta.map { betas.popFirst().map(Double.init) ?? $0 } ?? 0))
    }
    return result
  }

  /// The functions as recurrent kernels for `Float` know them; nil if one is not among them or for other elements.
  static func kernels<T: RealElement>(_ functions: [RecurrentActivation], for _: T.Type) -> [Activation]? {
    guard T.self == Float.self else { return nil }
    var result: [Activation] = []
    for activation in functions {
      switch activation.function {
      case .sigmoid: result.append(.sigmoid)
      case .tanh: result.append(.tanh)
      case .relu: result.append(.relu)
      case .hardsigmoid: result.append(.hardSigmoid(alpha: Float(activation.alpha), beta: Float(activation.beta)))
      case .leakyrelu: result.append(.leakyRelu(slope: Float(activation.alpha)))
      default: return nil
      }
    }
    return result
  }

  /// Replaces `count` values by those of the function.
  func apply<R: BinaryFloatingPoint>(_ x: UnsafeMutablePointer<R>, _ count: Int) {
    if R.self == Float.self, let unary = function.vectorized {
      let x = UnsafeMutableRawPointer(x).assumingMemoryBound(to: Float.self)
      InstructionSet.current.unary(unary, x, x, count: count, parameters: (Float(alpha), Float(beta)))
      return
    }
    let (alpha, beta) = (R(alpha), R(beta))
    switch function {
    case .relu: for i in 0..<count { x[i] = max(x[i], 0) }
    case .tanh: for i in 0..<count { x[i] = R(Foundation.tanh(Double(x[i]))) }
    case .sigmoid: for i in 0..<count { x[i] = R(1 / (1 + exp(-Double(x[i])))) }
    case .affine: for i in 0..<count { x[i] = alpha * x[i] + beta }
    case .leakyrelu: for i in 0..<count { x[i] = x[i] >= 0 ? x[i] : alpha * x[i] }
    case .thresholdedrelu: for i in 0..<count { x[i] = x[i] > alpha ? x[i] : 0 }
    case .scaledtanh: for i in 0..<count { x[i] = alpha * R(Foundation.tanh(Double(beta * x[i]))) }
    case .hardsigmoid: for i in 0..<count { x[i] = min(max(alpha * x[i] + beta, 0), 1) }
    case .elu: for i in 0..<count { x[i] = x[i] >= 0 ? x[i] : alpha * R(expm1(Double(x[i]))) }
    case .softsign: for i in 0..<count { x[i] = x[i] / (1 + abs(x[i])) }
    case .softplus: for i in 0..<count { x[i] = max(x[i], 0) + R(log1p(exp(-Double(abs(x[i]))))) }
    }
  }
}

extension RecurrentActivation.Function {
  /// The function as kernels know it, with α and β as its parameters.
  fileprivate var vectorized: UnaryFunction? {
    switch self {
    case .relu: .relu
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .leakyrelu: .leakyRelu
    case .thresholdedrelu: .thresholdedRelu
    case .hardsigmoid: .hardSigmoid
    case .elu: .elu
    case .softsign: .softsign
    case .softplus: .softplus
    case .affine, .scaledtanh: nil
    }
  }

  /// Values of α and β that are not given; nil for a function without such a parameter.
  fileprivate var defaults: (alpha: Double?, beta: Double?) {
    switch self {
    case .relu, .tanh, .sigmoid, .softsign, .softplus: (nil, nil)
    case .affine: (1, 0)
    case .leakyrelu: (Double(Float(0.01)), nil)
    case .thresholdedrelu, .elu: (1, nil)
    case .scaledtanh: (1, 1)
    case .hardsigmoid: (Double(Float(0.2)), 0.5)
    }
  }
}

extension UnsafeMutablePointer {
  /// The same memory, which holds fp32 values.
  var floats: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self) }
}

extension RecurrentActivation {
  /// Whether a value tells the derivative there: not if it could lie on either side of a kink.
  var hasDerivativeOfValue: Bool {
    switch function {
    case .leakyrelu, .thresholdedrelu, .elu: alpha >= 0
    case .scaledtanh: alpha != 0
    default: true
    }
  }

  /// Multiplies `count` cotangents by the derivative where the function has the values y.
  func multiply<R: BinaryFloatingPoint>(
    _ d: UnsafeMutablePointer<R>, byDerivativeAt y: UnsafePointer<R>, _ count: Int
  ) {
    let (alpha, beta) = (R(alpha), R(beta))
    switch function {
    case .relu: for i in 0..<count where y[i] <= 0 { d[i] = 0 }
    case .tanh: for i in 0..<count { d[i] *= 1 - y[i] * y[i] }
    case .sigmoid: for i in 0..<count { d[i] *= y[i] * (1 - y[i]) }
    case .affine: for i in 0..<count { d[i] *= alpha }
    case .leakyrelu: for i in 0..<count where y[i] <= 0 { d[i] *= alpha }
    case .thresholdedrelu: for i in 0..<count where y[i] <= alpha { d[i] = 0 }
    case .scaledtanh: for i in 0..<count { d[i] *= beta * (alpha - y[i] * y[i] / alpha) }
    case .hardsigmoid: for i in 0..<count { d[i] = y[i] > 0 && y[i] < 1 ? d[i] * alpha : 0 }
    case .elu: for i in 0..<count where y[i] <= 0 { d[i] *= y[i] + alpha }
    case .softsign:
      for i in 0..<count {
        let slope = 1 - abs(y[i])
        d[i] *= slope * slope
      }
    case .softplus: for i in 0..<count { d[i] *= -R(expm1(-Double(y[i]))) }
    }
  }
}
