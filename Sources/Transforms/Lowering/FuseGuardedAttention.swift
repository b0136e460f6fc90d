import HoneIR
import HoneOperators

/// Attention whose queries may see no key, and all attention of ONNX Runtime's operators, becomes the standard `Attention`.
///
/// Lowered graphs are not saved.
public struct FuseGuardedAttention: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("heads(Where(IsNaN(p), 0, p)·v), p = Softmax(q·kᵀ + mask) → Attention", on: Reshape.self) {
          (_, node, graph) throws(GraphError) in
          guard let match = AttentionMatch(node, in: graph, guarded: true) else { return nil }
          return try match.standard(in: &graph, insteadOf: node)
        },
        Self.expanded("MultiHeadAttention → Attention", on: Microsoft.MultiHeadAttention.self),
        Self.expanded("ONNX Runtime's Attention → Attention", on: Microsoft.Attention.self),
      ])
    ]
  }

  private static func expanded<O: CompositeOp>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (op, node, graph) throws(GraphError) in
      guard node.results.count == 1 else { return nil }
      return try op.expand(node.operands, graph.call(for: node), in: &graph)[0]
    }
  }
}

extension AttentionMatch {
  fileprivate func standard(in graph: inout Graph, insteadOf node: Node) throws(GraphError) -> Value? {
    guard padding == nil else { return nil }
    var attention = Attention()
    (attention.q_num_heads, attention.kv_num_heads, attention.scale) = (heads, heads, Float(scale))
    return try graph.apply(attention, [query, key, value] + (mask.map { [$0] } ?? []), insteadOf: node)
  }
}
