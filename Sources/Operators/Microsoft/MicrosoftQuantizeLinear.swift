public import HoneIR

extension Microsoft {
  /// Became the standard operator.
  public struct QuantizeLinear: MicrosoftOp, ReplacedOp {
    public var axis = 1
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      try node.replace(by: try HoneOperators.QuantizeLinear(attributes: node.attributes), in: &graph)
    }
  }

  /// Became the standard operator.
  public struct DequantizeLinear: MicrosoftOp, ReplacedOp {
    public var axis = 1
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      try node.replace(by: try HoneOperators.DequantizeLinear(attributes: node.attributes), in: &graph)
    }
  }
}
