public import HoneIR

extension Microsoft {
  /// Became the standard operator.
  public struct Gelu: MicrosoftOp, ReplacedOp {
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      try node.replace(by: HoneOperators.Gelu(), in: &graph)
    }
  }
}
