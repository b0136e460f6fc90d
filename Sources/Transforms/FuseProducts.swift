import HoneIR
import HoneOperators

/// Brings factors and transposed operands into matrix products, as ONNX Runtime's `FusedMatMul`.
public struct FuseProducts: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("MatMul(a, b) · c → FusedMatMul(a, b)", on: Mul.self) { (_, node, graph) throws(GraphError) in
          try graph.scaleProduct(node) { $0 }
        },
        Rule("MatMul(a, b) / c → FusedMatMul(a, b)", on: Div.self) { (_, node, graph) throws(GraphError) in
          guard graph.constant(node.operands[0]) == nil else { return nil }
          return try graph.scaleProduct(node) { 1 / $0 }
        },
        Rule("MatMul(a · c, b · d) → FusedMatMul(a, b)", on: MatMul.self) { (_, node, graph) throws(GraphError) in
          try graph.factorsOfProduct(node)
        },
        Rule("MatMul(aᵀ, b) → FusedMatMul(a, b)", on: MatMul.self) { (_, node, graph) throws(GraphError) in
          try graph.transposeProduct(node, Microsoft.FusedMatMul())
        },
      ])
    ]
  }
}

extension Graph {
  /// Factors of both operands become one of the product.
  fileprivate mutating func factorsOfProduct(_ node: Node) throws(GraphError) -> Value? {
    guard element(of: node.result) == .float32, let a = node.operands[0], let b = node.operands[1],
      let (x, c) = withoutFactor(a), let (y, d) = withoutFactor(b)
    else { return nil }
    var fused = Microsoft.FusedMatMul()
    fused.alpha = Float(c * d)
    return try apply(fused, [x, y], insteadOf: node)
  }

  /// x and c of x · c or x / (1/c), if that is read once.
  private func withoutFactor(_ value: Value) -> (x: Value, factor: Double)? {
    guard isReadOnce(value), let node = producer(of: value), let (x, constant, position) = withConstant(node),
      let number = scalar(constant), haveSameType(x, value)
    else { return nil }
    if node.op is Mul { return (x, number) }
    return node.op is Div && position == 1 && number != 0 ? (x, 1 / number) : nil
  }

  fileprivate mutating func scaleProduct(_ node: Node, _ factor: (Double) -> Double) throws(GraphError) -> Value? {
    guard let (value, constant, _) = withConstant(node), let number = scalar(constant), element(of: value) == .float32,
      haveSameType(value, node.result)
    else { return nil }
    if let (product, source) = soleProducer(of: value, as: Microsoft.FusedMatMul.self) {
      var fused = product
      fused.alpha *= Float(factor(number))
      return try apply(fused, source.operands, insteadOf: node)
    }
    guard let source = soleProducer(of: value, as: MatMul.self)?.node, self.constant(source.operands[1]) == nil else {
      return nil
    }
    var fused = Microsoft.FusedMatMul()
    fused.alpha = Float(factor(number))
    if let transposed = try transposeProduct(source, fused, insteadOf: node) { return transposed }
    return try apply(fused, source.operands, insteadOf: node)
  }

  /// The product `source` with transposes of its operands brought in.
  fileprivate mutating func transposeProduct(
    _ source: Node, _ product: Microsoft.FusedMatMul, insteadOf node: Node? = nil
  ) throws(GraphError) -> Value? {
    guard element(of: source.result) == .float32 else { return nil }
    var fused = product
    var operands = source.operands
    for i in 0..<2 {
      guard let (transpose, inner) = soleProducer(of: operands[i], as: Transpose.self),
        let rank = rank(of: inner.operands[0]), rank >= 2
      else { continue }
      guard order(transpose, rank) == Array(0..<(rank - 2)) + [rank - 1, rank - 2] else { continue }
      if i == 0 { fused.transA = true } else { fused.transB = true }
      operands[i] = inner.operands[0]
    }
    guard operands != source.operands else { return nil }
    return try apply(fused, operands, insteadOf: node ?? source)
  }
}
