public import HoneIR
import HoneKernels

/// Quantizes to uint8 by the range of x, widened to hold 0: y, its scale and its zero point.
public struct DynamicQuantizeLinear: ExecutableOp {
  public static let since = 11
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let x = try call.tensor(0)
    guard x.element == .float32 else { throw GraphError(.type, "operand 0 must be float32: \(x)") }
    let types: [ValueType] = [.tensor(x.with(.uint8)), .tensor(.float32, [Int]()), .tensor(.uint8, [Int]())]
    return Array(types.prefix(call.resultCount))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let count = try call.sizes(0).reduce(1, *)
    let results = call.resultCount
    let machine = InstructionSet.current
    return Kernel { frame in
      let x = frame.operand(0, as: Float.self)
      let (scale, zero) = machine.dynamicGrid(x, count: count)
      if frame.hasResult(0) {
        machine.quantize(x, frame.resultBytes(0), count: count, scale: scale, zero: zero, .uint8)
      }
      if results > 1, frame.hasResult(1) { frame.result(1, as: Float.self).pointee = scale }
      if results > 2, frame.hasResult(2) { frame.result(2, as: UInt8.self).pointee = UInt8(zero) }
    }
  }
}
