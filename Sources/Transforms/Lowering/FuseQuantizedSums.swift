import HoneIR
import HoneOperators

/// Brings quantized residual sums into the integer convolutions before them. The convolution's own result is rounded as
/// before, in registers.
///
/// Lowered graphs are not saved.
public struct FuseQuantizedSums: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("QLinearAdd(convolution, y) → convolution with residual y", on: Microsoft.QLinearAdd.self) {
          (_, node, graph) throws(GraphError) in
          for first in [0, 3] {
            let second = 3 - first
            guard let (conv, layer) = graph.soleProducer(of: node.operands[first], as: NHWCQLinearConv.self),
              conv.activation == nil, layer.operands.count <= 9, !conv.isDepthwise(layer, in: graph),
              let residual = node.operands[second],
              graph.constant(residual) == nil, graph.shape(of: residual) == graph.shape(of: layer.result),
              graph.shape(of: residual) != nil, node.operands.count > 7,
              [2, 5, 7].allSatisfy({ graph.constant(node.operands[$0]) != nil })
            else { continue }
            var operands = layer.operands
            while operands.count < 9 { operands.append(nil) }
            (operands[6], operands[7]) = (node.operands[6], node.operands[7])
            operands += [residual, node.operands[second + 1], node.operands[second + 2]]
            operands += [node.operands[first + 1], node.operands[first + 2]]
            return try graph.apply(conv, operands, insteadOf: node)
          }
          return nil
        }
      ])
    ]
  }
}

extension NHWCQLinearConv {
  fileprivate func isDepthwise(_ node: Node, in graph: Graph) -> Bool {
    group > 1 && graph.shape(of: node.operands[3])?[1].size == 1
  }
}
