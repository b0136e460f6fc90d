public import HoneIR
public import HoneKernels

/// y = a ∧ b, of booleans
public struct And: BinaryOp, CommutativeOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: BinaryFunction { .and }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let type = try broadcastType(call, 0..<2)
    guard type.element == .bool else { throw GraphError(.type, "operands must be bool, are \(type.element.rawValue)") }
    return [.tensor(type)]
  }
}
