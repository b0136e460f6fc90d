public import HoneIR

extension Microsoft {
  /// Became the standard operator.
  public struct Pad: MicrosoftOp, ReplacedOp {
    public var mode = "constant"
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      if let pads = node.operands.optional(1) { node.operands[1] = try graph.reshape(pads, -1) }
      try node.replace(by: try HoneOperators.Pad(attributes: node.attributes), in: &graph)
    }
  }

  /// Became the standard operator.
  public struct Trilu: MicrosoftOp, ReplacedOp {
    public var upper = true
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      try node.replace(by: try HoneOperators.Trilu(attributes: node.attributes), in: &graph)
    }
  }

  /// Became the standard operator.
  public struct GatherND: MicrosoftOp, ReplacedOp {
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      try node.replace(by: HoneOperators.GatherND(), in: &graph)
    }
  }

  /// Became `Unsqueeze`.
  public struct ExpandDims: MicrosoftOp, ReplacedOp {
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      let axis = try graph.cast(try graph.reshape(try node.operands.required(1), 1), to: .int64)
      node.replacement = [try graph.apply(Unsqueeze(), node.operands[0], axis)]
    }
  }
}
