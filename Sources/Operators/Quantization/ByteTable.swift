public import HoneIR
import HoneKernels

/// y = table[x], of 8-bit integers: operand 1 holds a result for each bit pattern of x. Made by lowering, never exported.
public struct ByteTable: ExecutableOp, ElementwiseOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let (x, table) = (try call.tensor(0), try call.tensor(1))
    guard x.element.bitWidth == 8, table.element.bitWidth == 8, table.elementCount ?? 256 == 256 else {
      throw GraphError(.type, "takes bytes and 256 bytes, has \(x) and \(table)")
    }
    return [.tensor(x.with(table.element))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let chunks = Chunks(count: try call.result().elementCount!)
    let machine = InstructionSet.current
    return Kernel(tasks: chunks.taskCount, overwrites: [0: 0]) { frame, tasks in
      let range = chunks.elements(tasks)
      machine.lookUp(
        frame.operand(0, as: UInt8.self) + range.lowerBound, frame.result(0, as: UInt8.self) + range.lowerBound,
        count: range.count, table: frame.operand(1, as: UInt8.self))
    }
  }
}
