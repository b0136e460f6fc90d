import HoneIR
import HoneOperators

/// Turns operators between DequantizeLinear and QuantizeLinear into operators on integers.
///
/// Results may differ from the pairs' own by one quantization step, where the pairs round twice and the integer form once.
public struct LowerQuantization: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules(
        CarryBytes.rules + [
          Rule("QuantizeLinear(f(DequantizeLinear(x))) → table(x)", on: QuantizeLinear.self) {
            (op, node, graph) throws(GraphError) in
            guard op.block_size == 0, node.operands.count > 2, let scale = node.operands[1],
              let zero = node.operands[2],
              graph.isScalar(scale), graph.isScalar(zero), graph.element(of: scale) == .float32,
              [.uint8, .int8].contains(graph.tensorType(of: node.result).element)
            else { return nil }
            return try graph.tabulated(node.operands[0], scale, zero)
          },
          Rule("QuantizeLinear(op(DequantizeLinear(x))) → integer op", on: QuantizeLinear.self) {
            (op, node, graph) throws(GraphError) in
            guard op.block_size == 0, let quantized = QuantizedResult(node, in: graph) else { return nil }
            return try quantized.lowered(in: &graph)
          },
        ]),
      .rules([
        Rule("Gemm(DequantizeLinear(x), DequantizeLinear(w)) → QGemm", on: Gemm.self) {
          (op, node, graph) throws(GraphError) in
          guard let operands = try graph.integerGemm(op, node) else { return nil }
          return try graph.apply(Microsoft.QGemm(), operands, resultCount: 1, named: node.name)[0]
        },
        Rule("MatMul(DequantizeLinear(x), DequantizeLinear(w)) → MatMulIntegerToFloat", on: MatMul.self) {
          (_, node, graph) throws(GraphError) in
          guard let a = graph.dequantized(node.operands[0]), let b = graph.dequantized(node.operands[1]),
            graph.constant(b.integers) != nil, graph.rank(of: b.integers) == 2, graph.isScalar(a.scale)
          else { return nil }
          return try graph.apply(
            Microsoft.MatMulIntegerToFloat(), [a.integers, b.integers, a.scale, b.scale, a.zero, b.zero],
            resultCount: 1, named: node.name)[0]
        },
      ]),
      .rules(DynamicProducts.rules + IntegerRecurrences.rules),
    ] + FoldQuantizedWeights().rewrites
  }
}
