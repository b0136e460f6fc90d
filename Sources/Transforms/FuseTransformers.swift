import HoneIR
import HoneOperators

/// Sums, normalizations and activations of transformers, as ONNX Runtime's fused operators.
public struct FuseTransformers: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("Gelu(x + bias) → BiasGelu or FastGelu", on: Gelu.self) { (gelu, node, graph) throws(GraphError) in
          guard let (_, sum) = graph.soleProducer(of: node.operands[0], as: Add.self),
            let (x, bias, _) = graph.withConstant(sum),
            graph.isVector(bias, along: x)
          else { return nil }
          let fused: any Op = gelu.approximate == .tanh ? Microsoft.FastGelu() : Microsoft.BiasGelu()
          return try graph.apply(fused, [x, bias], insteadOf: node)
        },
        Rule("x·σ(α·x) → QuickGelu", on: Mul.self) { (_, node, graph) throws(GraphError) in
          guard let (x, alpha) = graph.gated(node), graph.element(of: x) == .float32 else { return nil }
          var quick = QuickGelu()
          quick.alpha = alpha
          return try graph.apply(quick, [x], insteadOf: node)
        },
      ]),
      .rules([
        Rule("LayerNormalization(x + y) → SkipLayerNormalization(x, y)", on: LayerNormalization.self) {
          (norm, node, graph) throws(GraphError) in
          guard node.results.count == 1 else { return nil }
          var skip = Microsoft.SkipLayerNormalization()
          skip.epsilon = norm.epsilon
          return try graph.fuseSkip(skip, node, axis: norm.axis) { $0 + [$1, $2] }
        },
        Rule("RMSNormalization(x + y) → SkipSimplifiedLayerNormalization(x, y)", on: RMSNormalization.self) {
          (norm, node, graph) throws(GraphError) in
          var skip = Microsoft.SkipSimplifiedLayerNormalization()
          skip.epsilon = norm.epsilon
          return try graph.fuseSkip(skip, node, axis: norm.axis) { operands, _, bias in operands + [bias] }
        },
      ]),
    ]
  }
}

extension Graph {
  /// `bias` is a vector as long as the last axis of `x`.
  fileprivate func isVector(_ bias: Value, along x: Value) -> Bool {
    guard let tensor = constant(bias), tensor.element == .float32, tensor.sizes.count == 1, element(of: x) == .float32,
      let last = shape(of: x)?.last?.size
    else { return false }
    return tensor.sizes[0] == last
  }

  /// x and α of x·sigmoid(α·x).
  fileprivate func gated(_ node: Node) -> (x: Value, alpha: Float)? {
    guard let a = node.operands[0], let b = node.operands[1] else { return nil }
    for (x, gate) in [(a, b), (b, a)] {
      guard let (_, sigmoid) = soleProducer(of: gate, as: Sigmoid.self), let inner = sigmoid.operands[0] else {
        continue
      }
      if inner == x { return (x, 1) }
      if let match = match(.operand(0) * .parameter(0), inner), match.operands[0] == x, haveSameType(x, inner),
        let alpha = match.parameters[0]
      {
        return (x, Float(alpha))
      }
    }
    return nil
  }

  /// `skip` in the place of a normalization of a sum; `operands` are those of it for x, y and scale, the shift, and the bias
  /// in the sum.
  fileprivate mutating func fuseSkip(
    _ skip: any Op, _ node: Node, axis: Int, _ operands: ([Value?], _ shift: Value?, _ bias: Value?) -> [Value?]
  ) throws(GraphError) -> Value? {
    guard let value = node.operands[0], let sum = producer(of: value), sum.op is Add,
      let rank = rank(of: value), rank == 3, axis == -1 || axis == rank - 1, element(of: value) == .float32,
      var a = sum.operands[0], var b = sum.operands[1], haveSameType(a, b), constant(a) == nil, constant(b) == nil,
      !isOutput(value),
      let scale = node.operands[1], isVector(scale, along: value)
    else { return nil }
    let shift = node.operands.count > 2 ? node.operands[2] : nil
    guard shift.map({ isVector($0, along: value) }) ?? true else { return nil }
    if soleProducer(of: b, as: Add.self) != nil { swap(&a, &b) }
    var all = operands([a, b, scale], shift, nil)
    if let (_, inner) = soleProducer(of: a, as: Add.self), let (x, bias, _) = withConstant(inner),
      isVector(bias, along: x)
    {
      all = operands([x, b, scale], shift, bias)
    }
    while case .some(nil) = all.last { all.removeLast() }
    // Others may read the sum too: it is result 3.
    let isShared = userCount(of: value) > 1
    let names = isShared ? [name(of: node.result), "", "", name(of: value)] : [name(of: node.result)]
    let results = try apply(skip, all, resultCount: isShared ? 4 : 1, named: node.name, resultNames: names)
    if isShared { replace(value, with: results[3]) }
    return results[0]
  }
}
