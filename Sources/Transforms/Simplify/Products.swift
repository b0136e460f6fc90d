import HoneIR
import HoneOperators

extension Simplify {
  /// Matrix products.
  static let products: [Rule] = [
    Rule("MatMul(a, b) + c → Gemm(a, b, c)", on: Add.self) { (_, node, graph) throws(GraphError) in
      for (product, bias) in [(node.operands[0], node.operands[1]), (node.operands[1], node.operands[0])] {
        guard let (_, source) = graph.soleProducer(of: product, as: MatMul.self),
          graph.rank(of: source.operands[0]) == 2,
          graph.rank(of: source.operands[1]) == 2, let product, let bias, let sizes = graph.constant(bias)?.sizes,
          graph.broadcasts(sizes, into: product), graph.element(of: product) == .float32
        else { continue }
        return try graph.apply(Gemm(), [source.operands[0], source.operands[1], bias], insteadOf: node)
      }
      return nil
    },
    Rule("Gemm(aᵀ, b, c) → Gemm(a, b, c) of transposed a", on: Gemm.self) { (gemm, node, graph) throws(GraphError) in
      guard let (_, inner) = graph.soleProducer(of: node.operands[0], as: Transpose.self),
        graph.isMatrixTranspose(inner)
      else { return nil }
      var merged = gemm
      merged.transA.toggle()
      return try graph.apply(merged, [inner.operands[0]] + node.operands.dropFirst(), insteadOf: node)
    },
    Rule("Gemm(a, bᵀ, c) → Gemm(a, b, c) of transposed b", on: Gemm.self) { (gemm, node, graph) throws(GraphError) in
      guard let (_, inner) = graph.soleProducer(of: node.operands[1], as: Transpose.self),
        graph.isMatrixTranspose(inner)
      else { return nil }
      var merged = gemm
      merged.transB.toggle()
      return try graph.apply(
        merged, [node.operands[0], inner.operands[0]] + node.operands.dropFirst(2), insteadOf: node)
    },
    Rule("Gemm(a, b) + c → Gemm(a, b, c)", on: Add.self) { (_, node, graph) throws(GraphError) in
      guard let (value, bias, _) = graph.withConstant(node),
        let (gemm, source) = graph.soleProducer(of: value, as: Gemm.self),
        source.operands.count < 3 || source.operands[2] == nil, let sizes = graph.constant(bias)?.sizes,
        graph.broadcasts(sizes, into: value)
      else { return nil }
      var merged = gemm
      merged.beta = 1
      return try graph.apply(merged, [source.operands[0], source.operands[1], bias], insteadOf: node)
    },
  ]
}

extension Graph {
  fileprivate func isMatrixTranspose(_ node: Node) -> Bool {
    guard rank(of: node.operands[0]) == 2, let transpose = node.op as? Transpose else { return false }
    return order(transpose, 2) == [1, 0]
  }
}
