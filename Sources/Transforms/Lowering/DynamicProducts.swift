import HoneIR
import HoneOperators

/// Products of dynamically quantized matrices, which files spell out as sums of integers, a cast and scales.
enum DynamicProducts {
  static let rules: [Rule] = [
    Rule("float(MatMulInteger(a, b)) · (s · t) → MatMulIntegerToFloat(a, b, s, t)", on: Mul.self) {
      (_, node, graph) throws(GraphError) in
      for i in 0..<2 {
        guard let (cast, inner) = graph.soleProducer(of: node.operands[i], as: Cast.self), cast.to == .float32,
          let (_, product) = graph.soleProducer(of: inner.operands[0], as: MatMulInteger.self),
          let scales = graph.scales(node.operands[1 - i], of: product)
        else { continue }
        let zeros = (2..<4).map { $0 < product.operands.count ? product.operands[$0] : nil }
        return try graph.apply(
          Microsoft.MatMulIntegerToFloat(),
          [product.operands[0], product.operands[1], scales.a, scales.b, zeros[0], zeros[1]], insteadOf: node)
      }
      return nil
    },
    Rule("MatMulIntegerToFloat(a, b) + c → MatMulIntegerToFloat(a, b, c)", on: Add.self) {
      (_, node, graph) throws(GraphError) in
      guard let (value, bias, _) = graph.withConstant(node), let tensor = graph.constant(bias), tensor.sizes.count == 1,
        let (op, product) = graph.soleProducer(of: value, as: Microsoft.MatMulIntegerToFloat.self),
        graph.shape(of: value)?.last?.size == tensor.elementCount, product.operands.count <= 6
      else { return nil }
      let missing = [Value?](repeating: nil, count: 6 - product.operands.count)
      return try graph.apply(op, product.operands + missing + [bias], insteadOf: node)
    },
  ]
}

extension Graph {
  /// The factors of `value`: the scale that comes with the first matrix of `product`, and that of the second.
  fileprivate func scales(_ value: Value?, of product: Node) -> (a: Value, b: Value)? {
    guard let (_, factors) = producer(of: value, as: Mul.self), factors.operands.count == 2,
      let first = factors.operands[0], let second = factors.operands[1], let b = product.operands[1],
      constant(b) != nil, rank(of: b) == 2
    else { return nil }
    for (x, y) in [(first, second), (second, first)] where constant(y) != nil {
      guard let (_, source) = producer(of: x, as: DynamicQuantizeLinear.self), source.results.count > 1,
        source.results[1] == x, source.results[0] == product.operands[0]
      else { continue }
      return (x, y)
    }
    return nil
  }
}
