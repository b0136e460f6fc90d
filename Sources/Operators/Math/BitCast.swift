public import HoneIR

/// y = the bits of x as elements of another type of equal width
public struct BitCast: ExecutableOp, RequiringOp {
  public var to = ElementType.float32
  public init() {}
  public static var since: Int { 26 }
  public static var required: [String] { ["to"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let x = try call.tensor(0)
    guard x.element.bitWidth == to.bitWidth, to != .string else {
      throw GraphError(.type, "\(x.element.rawValue) has another width than \(to.rawValue)")
    }
    return [.tensor(x.with(to))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel { .view }
}
