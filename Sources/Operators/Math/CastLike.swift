public import HoneIR

/// y = x in the element type of operand 1
public struct CastLike: CompositeOp, UpgradableOp {
  public var saturate = true
  public var round_mode = Cast.Rounding.up
  public init() {}
  public static var since: Int { 15 }

  public func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value] {
    try call.expectOperands(2...2)
    var cast = Cast(to: try call.element(1))
    (cast.saturate, cast.round_mode) = (saturate, round_mode)
    return [try graph.apply(cast, operands[0])]
  }

  /// Element types are known, so that a `Cast` does.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard node.operands.count == 2, let target = node.operands[1] else { return }
    node.type = Cast.name
    node.attributes["to"] = .int(graph.tensorType(of: target).element.code)
    node.operands.removeLast()
  }
}
