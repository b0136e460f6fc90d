import HoneIR
import HoneOperators

/// Brings quantized sums into the integer convolutions and matrix products before them: residuals, and biases of products.
/// What the sum is made of is rounded as before, in registers.
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
        },
        Rule("QLinearAdd(QLinearMatMul, y) → product with addend y", on: Microsoft.QLinearAdd.self) {
          (_, node, graph) throws(GraphError) in
          for first in [0, 3] {
            let second = 3 - first
            guard let (_, product) = graph.soleProducer(of: node.operands[first], as: QLinearMatMul.self),
              let addend = node.operands[second], let shape = graph.shape(of: product.result), let width = shape.last,
              graph.shape(of: addend) == shape || graph.shape(of: addend) == [width],
              graph.rank(of: product.operands[3]) == 2, node.operands.count > 7,
              ([1, 2, 4, 5, 6, 7].map { node.operands[$0] } + product.operands.dropFirst()).allSatisfy({
                $0.flatMap { graph.constant($0) } != nil
              })
            else { continue }
            let operands =
              product.operands[..<6] + node.operands[6...7] + node.operands[second...second + 2]
              + node.operands[first + 1...first + 2]
            return try graph.apply(QLinearMatMulSum(), Array(operands), insteadOf: node)
          }
          return nil
        },
      ])
    ]
  }
}

extension NHWCQLinearConv {
  fileprivate func isDepthwise(_ node: Node, in graph: Graph) -> Bool {
    group > 1 && graph.shape(of: node.operands[3])?[1].size == 1
  }
}
