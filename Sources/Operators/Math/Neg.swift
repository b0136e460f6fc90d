public import HoneIR
public import HoneKernels

/// y = −x
public struct Neg: UnaryOp {
  public init() {}
  public static var since: Int { 6 }
  public var function: UnaryFunction { .neg }

  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(Neg(), dy)]
  }
}
