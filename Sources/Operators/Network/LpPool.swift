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
