import Foundation
public import HoneIR

/// The p-norm (Σ|x|ᵖ)^(1/p) of the elements under each window.
public struct LpPool: ExecutableOp, PoolOp, RequiringOp {
  public static let required = ["kernel_shape"]
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var p = 2
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard p > 0 else { throw GraphError(.attribute, "p \(p) is not positive") }
    return [.tensor(try call.element(0), try pooledShape(call))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let window = try pooledWindow(call)
    let planes = sizes[0] * sizes[1]
    switch try call.element(0) {
    case .float32: return kernel(window, planes, Float.self)
    case .float64: return kernel(window, planes, Double.self)
    case .float16: return kernel(window, planes, Float16.self)
    case .bfloat16: return kernel(window, planes, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ window: Window, _ planes: Int, _: T.Type) -> Kernel {
    let visit = WindowVisit(window)
    let norm = Norm(p: p)
    let (inputs, outputs) = (window.inputCount, window.outputCount)
    return Kernel(tasks: planes) { frame, range in
      let x = frame.operand(0, as: T.self)
      let y = frame.result(0, as: T.self)
      for plane in range {
        let source = x + plane * inputs
        visit.fold(
          0.0, { sum, i in sum += norm.power(Double(source[i].real)) },
          { y[plane * outputs + $0] = T(real: T.Real(norm.root($1))) })
      }
    }
  }
}

/// |x|ᵖ and its inverse.
struct Norm: Sendable {
  let p: Int

  @inline(__always) func power(_ x: Double) -> Double {
    switch p {
    case 1: abs(x)
    case 2: x * x
    default: pow(abs(x), Double(p))
    }
  }
  @inline(__always) func root(_ sum: Double) -> Double {
    switch p {
    case 1: sum
    case 2: sum.squareRoot()
    default: pow(sum, 1 / Double(p))
    }
  }
}

extension LpPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let sizes = try g.sizes(of: x)
    let mean = averaging
    let window = try mean.window(input: sizes[2...], kernel: kernel_shape, g.call(for: node))
    // A mean over each window, times the number of elements that are in it.
    let share = try Norm(p: p).share(of: dy, node.result, in: &g)
    let element = g.tensorType(of: x).element
    let counts = Tensor(TensorType(element, window.outputSizes)) { bytes in
      for (i, count) in mean.tapCounts(window).enumerated() {
        NumberReader.store(Double(count), bytes.baseAddress!, i, element)
      }
    }
    let sums = try g.apply(
      AveragePoolGradient(mean, input: sizes), g.apply(Mul(), share, g.constant(counts)))
    return [try Norm(p: p).cotangent(of: x, sums, in: &g)]
  }

  private var averaging: AveragePool {
    var mean = AveragePool()
    (mean.auto_pad, mean.ceil_mode, mean.dilations) = (auto_pad, ceil_mode, dilations)
    (mean.kernel_shape, mean.pads, mean.strides) = (kernel_shape, pads, strides)
    return mean
  }
}

extension Norm {
  /// dy · y^(1 − p), and 0 where y is 0: what all elements of a window with norm y have in common.
  func share(of dy: Value, _ y: Value, in g: inout Graph) throws(GraphError) -> Value {
    guard p > 1 else { return dy }
    let (zero, one) = (try g.number(0, like: y), try g.number(1, like: y))
    let isZero = try g.apply(Equal(), y, zero)
    let safe = try g.apply(Where(), isZero, one, y)
    let power = try p == 2 ? safe : g.apply(Pow(), safe, g.number(Double(p - 1), like: y))
    return try g.apply(Where(), isZero, zero, g.apply(Div(), dy, power))
  }

  /// sign(x) · |x|^(p − 1) · share
  func cotangent(of x: Value, _ share: Value, in g: inout Graph) throws(GraphError) -> Value {
    if p == 2 { return try g.apply(Mul(), x, share) }
    let sign = try g.apply(Mul(), g.apply(Sign(), x), share)
    guard p > 1 else { return sign }
    let power = try g.apply(Pow(), g.apply(Abs(), x), g.number(Double(p - 1), like: x))
    return try g.apply(Mul(), sign, power)
  }
}
