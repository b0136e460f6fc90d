import HoneIR
import HoneOperators

extension Graph {
  /// The layer that makes `x` and is read by `node` only, with the affine map that `node` applies in its weights;
  /// `affine` gives the map for a number of channels.
  mutating func absorb(
    _ node: Node, into x: Value, axis: Int, _ affine: (Int) -> ChannelAffine?
  ) throws(GraphError) -> Value? {
    guard isReadOnce(x), let layer = producer(of: x), layer.results.count == 1 else { return nil }
    let change: (op: any Op, operands: [Value?])?
    switch layer.op {
    case let conv as Conv: change = axis == 1 ? absorb(conv, layer, affine) : nil
    case let conv as ConvTranspose: change = axis == 1 ? absorb(conv, layer, affine) : nil
    case let gemm as Gemm: change = axis == 1 ? absorb(gemm, layer, affine) : nil
    case let norm as BatchNormalization: change = axis == 1 ? absorb(norm, layer, affine) : nil
    case is MatMul: change = absorbProduct(layer, affine)
    default: return nil
    }
    guard let change else { return nil }
    return try apply(change.op, change.operands, insteadOf: node)
  }

  private mutating func absorb(_ conv: Conv, _ layer: Node, _ affine: (Int) -> ChannelAffine?) -> (
    op: any Op, operands: [Value?]
  )? {
    guard let weights = ownWeights(layer.operands[1]), let filters = weights.sizes.first, filters > 0,
      let affine = affine(filters),
      let bias = bias(layer, at: 2, count: filters)
    else { return nil }
    return (
      conv,
      layerOperands(layer, affine, bias, weights) { $0.scaled(by: affine.scale, inner: $0.elementCount / filters) }
    )
  }

  private mutating func absorb(_ conv: ConvTranspose, _ layer: Node, _ affine: (Int) -> ChannelAffine?) -> (
    op: any Op, operands: [Value?]
  )? {
    guard let weights = ownWeights(layer.operands[1]), weights.sizes.count > 2, weights.elementCount > 0 else {
      return nil
    }
    let perGroup = weights.sizes[1]
    guard let affine = affine(perGroup * conv.group), let bias = bias(layer, at: 2, count: perGroup * conv.group) else {
      return nil
    }
    let window = weights.elementCount / (weights.sizes[0] * perGroup)
    let channelsPerGroup = weights.sizes[0] / conv.group
    // Every input channel of a group has weights for the filters of that group.
    let factors = (0..<conv.group).flatMap { g in
      (0..<channelsPerGroup).flatMap { _ in affine.scale[(g * perGroup)..<((g + 1) * perGroup)] }
    }
    return (conv, layerOperands(layer, affine, bias, weights) { $0.scaled(by: factors, inner: window) })
  }

  private mutating func absorb(_ gemm: Gemm, _ layer: Node, _ affine: (Int) -> ChannelAffine?) -> (
    op: any Op, operands: [Value?]
  )? {
    guard let weights = ownWeights(layer.operands[1]), weights.sizes.count == 2, weights.elementCount > 0 else {
      return nil
    }
    let (k, n) = gemm.transB ? (weights.sizes[1], weights.sizes[0]) : (weights.sizes[0], weights.sizes[1])
    guard let affine = affine(n), let bias = bias(layer, at: 2, count: n) else { return nil }
    var merged = gemm
    merged.beta = 1
    let scaledBias = bias.map { $0.map { $0 * gemm.beta } }
    return (
      merged,
      layerOperands(layer, affine, scaledBias, weights) { $0.scaled(by: affine.scale, inner: gemm.transB ? k : 1) }
    )
  }

  /// Scale and shift of a normalization; its statistics stay.
  private mutating func absorb(_ norm: BatchNormalization, _ layer: Node, _ affine: (Int) -> ChannelAffine?) -> (
    op: any Op, operands: [Value?]
  )? {
    guard !norm.training_mode, let scale = constant(layer.operands[1]), let shift = constant(layer.operands[2]),
      scale.element == .float32,
      shift.element == .float32, let affine = affine(scale.elementCount), affine.scale.count == shift.elementCount
    else { return nil }
    var operands = layer.operands
    operands[1] = constant(scale.scaled(by: affine.scale, inner: 1), name(of: layer.operands[1]!))
    operands[2] = constant(
      shift.with(floats: affine.applied(to: shift.values(as: Float.self))), name(of: layer.operands[2]!))
    return (norm, operands)
  }

  /// A product with constant weights absorbs factors; with a shift it becomes a `Gemm` if it is one of matrices.
  private mutating func absorbProduct(_ layer: Node, _ affine: (Int) -> ChannelAffine?) -> (
    op: any Op, operands: [Value?]
  )? {
    guard let weights = ownWeights(layer.operands[1]), weights.sizes.count == 2, let n = weights.sizes.last, n > 0,
      let affine = affine(n)
    else { return nil }
    if affine.isScaleOnly {
      return (layer.op, [layer.operands[0], scaledConstant(layer.operands[1]!, weights, affine)])
    }
    guard rank(of: layer.operands[0]) == 2 else { return nil }
    return (Gemm(), layerOperands(layer, affine, nil, weights) { $0.scaled(by: affine.scale, inner: 1) })
  }

  private mutating func scaledConstant(_ value: Value, _ weights: Tensor, _ affine: ChannelAffine) -> Value {
    constant(weights.scaled(by: affine.scale, inner: 1), name(of: value))
  }

  private mutating func layerOperands(
    _ layer: Node, _ affine: ChannelAffine, _ bias: [Float]?, _ weights: Tensor, _ scaled: (Tensor) -> Tensor
  ) -> [Value?] {
    let value = layer.operands[1]!
    let newWeights = affine.isShiftOnly ? value : constant(scaled(weights), name(of: value))
    let shifts = affine.applied(to: bias)
    let oldName = layer.operands.count > 2 ? layer.operands[2].map { name(of: $0) } : nil
    return [layer.operands[0], newWeights, constant(Tensor(shifts, shape: [shifts.count]), oldName ?? "")]
  }
}
