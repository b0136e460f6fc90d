import HoneIR
import HoneOperators
import HoneRuntime

/// DequantizeLinear(constant) → constant: weights that no integer operator took are real numbers again, once and for all runs.
public struct FoldQuantizedWeights: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("DequantizeLinear(constant) → constant", on: DequantizeLinear.self) {
          (op, node, graph) throws(GraphError) in
          let operands = node.operands.map { graph.constant($0) }
          guard operands[0] != nil, !operands.contains(where: { $0 == nil }),
            let result = try Interpreter.evaluate(op, operands, resultCount: 1)
          else { return nil }
          return graph.constant(result[0], graph.name(of: node.result))
        }
      ])
    ]
  }
}
