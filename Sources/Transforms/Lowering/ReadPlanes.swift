import HoneIR
import HoneOperators

/// Lets fp32 convolutions of a few channels, which copy their input in strips anyway, read images as models give them:
/// Transpose and NHWCConv become one pass. It comes last, since other rewrites know convolutions of channels-last data only.
public struct ReadPlanes: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("NHWCConv(Transpose(x)) → NHWCConv(x)", on: NHWCConv.self) { (op, node, graph) throws(GraphError) in
          guard let x = node.operands[0], graph.userCount(of: x) == 1, !graph.isOutput(x),
            let (transpose, source) = graph.producer(of: x, as: Transpose.self), transpose.perm == [0, 2, 3, 1],
            graph.tensorType(of: x).element == .float32,
            let weights = node.operands[1].flatMap({ graph.tensorType(of: $0).sizes }), op.readsPlanes(weights: weights)
          else { return nil }
          var conv = op
          conv.planes = true
          return try graph.apply(
            conv, [source.operands[0]] + node.operands.dropFirst(), resultCount: 1, named: node.name)[0]
        }
      ])
    ]
  }
}
