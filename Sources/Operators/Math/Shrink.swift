public import HoneIR
public import HoneKernels

/// y = x + bias where x < −lambd, x − bias where x > lambd, else 0
public struct Shrink: UnaryOp, CompositeOp {
  public var bias: Float = 0
  public var lambd: Float = 0.5
  public init() {}
  public static var since: Int { 9 }
  public var function: UnaryFunction { .shrink }
  public var parameters: (p: Float, q: Float) { (lambd, bias) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0))]
  }

  /// Integers are computed with as float64.
  public func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value] {
    let element = try call.element(0)
    guard element.isInteger else { throw .unsupported(element) }
    return [try graph.apply(Cast(to: element), graph.apply(self, graph.apply(Cast(to: .float64), operands[0])))]
  }
}
