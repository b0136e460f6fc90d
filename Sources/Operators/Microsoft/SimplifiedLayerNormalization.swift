public import HoneIR

/// Became `RMSNormalization`; ONNX Runtime writes it in the standard domain.
public struct SimplifiedLayerNormalization: ReplacedOp {
  public var axis = -1
  public var epsilon: Float = 1e-5
  public var stash_type = ElementType.float32
  public init() {}

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard node.resultCount == 1 else { throw GraphError(.unsupported, "its second result is not supported") }
    try node.replace(by: try RMSNormalization(attributes: node.attributes), in: &graph)
  }
}
