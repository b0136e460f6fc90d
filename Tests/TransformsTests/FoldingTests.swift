import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

@Suite struct FreezeTests {
  @Test func whatOnlyTrainingNeeds() throws {
    try Example { g in try g.apply(Relu(), g.apply(Identity(), g.x(2))) }.becomes(["y = Relu(x)"], by: Freeze())
    try Example { g in try g.apply(Relu(), g.apply(Dropout(), g.x(2))) }.becomes(["y = Relu(x)"], by: Freeze())
    // It trains.
    try Example { g in try g.apply(Relu(), g.apply(Dropout(), g.x(2), nil, g.constant(Tensor([true], shape: [])))) }
      .isLeftAlone(by: Freeze())
    // The output would lose its name.
    try Example { g in try g.apply(Identity(), g.x(2)) }.isLeftAlone(by: Freeze())
  }

  @Test func unusedInputs() throws {
    var example = try Example { g in
      _ = g.x(2, named: "unused")
      return try g.apply(Relu(), g.x(2))
    }
    try example.isLeftAlone(by: Freeze())
    _ = try configured(Freeze()) { $0.removesUnusedInputs = true }.rewrite(&example.graph)
    #expect(example.graph.inputs.map { example.graph.name(of: $0) } == ["x"])
  }
}

@Suite struct FoldConstantsTests {
  @Test func operatorsOnConstants() throws {
    try Example { g in try g.apply(Mul(), g.x(2), g.apply(Exp(), g.number(0))) }.becomes(
      ["y = Mul(x, 1.0)"], by: FoldConstants())
    // A composite.
    try Example { g in try g.apply(Mul(), g.x(2), g.apply(Mish(), g.number(0))) }.becomes(
      ["y = Mul(x, 0.0)"], by: FoldConstants())
    try Example { g in try g.apply(Mul(), g.x(2), g.apply(RandomNormalLike(), g.weights(2))) }.isLeftAlone(
      by: FoldConstants())
  }

  @Test func sizeBudget() throws {
    func expanded(_ budget: Int) throws -> Example {
      try Example { g in try g.apply(Mul(), g.x(100), g.apply(Expand(), g.number(2), g.integers(100))) }
    }
    try expanded(0).isLeftAlone(by: configured(FoldConstants()) { $0.budget = 64 })
    try expanded(0).becomes(["y = Mul(x, #1)"], by: FoldConstants())
  }

  @Test func knownSizes() throws {
    try Example { g in try g.apply(Mul(), g.x(2, element: .int64), g.apply(Shape(), g.x(3, 4, named: "z"))) }
      .becomes(["y = Mul(x, [3, 4])"], by: FoldConstants())
    try Example { g in try g.apply(Mul(), g.x(2, element: .int64), g.apply(Shape(), g.x(.symbol("n"), 4, named: "z"))) }
      .isLeftAlone(by: FoldConstants())
  }

  @Test func branches() throws {
    func region(_ op: any Op) throws -> Region {
      var g = Graph()
      let x = g.input("captured", TensorType(.float32, [2]))
      g.outputs = [try g.apply(op, x)]
      return Region(g, captureCount: 1)
    }
    let choice = try configured(If()) { ($0.then_branch, $0.else_branch) = (try region(Relu()), try region(Neg())) }
    try Example { g in try g.apply(choice, g.constant(Tensor([true], shape: [])), g.x(2)) }.becomes(
      ["y = Relu(x)"], by: FoldConstants())
    try Example { g in try g.apply(choice, g.constant(Tensor([false], shape: [])), g.x(2)) }.becomes(
      ["y = Neg(x)"], by: FoldConstants())
    var example = try Example { g in try g.apply(choice, g.x(element: .bool), g.weights(2)) }
    #expect(try FoldConstants().rewrite(&example.graph) == ["constants into regions": 1])
    let node = example.graph.sorted()[0]
    #expect(node.operands.count == 1 && (node.op as? If)?.then_branch.captureCount == 0)
  }
}

@Suite struct RemoveDuplicatesTests {
  @Test func equalNodes() throws {
    try Example { g in
      let x = g.x(2)
      return try g.apply(Mul(), g.apply(Exp(), x), g.apply(Exp(), x))
    }.becomes(["#1 = Exp(x)", "y = Mul(#1, #1)"], by: RemoveDuplicates())
    // The order of a sum does not matter, that of a difference does.
    try Example { g in
      let (x, z) = (g.x(2), g.x(2, named: "z"))
      return try g.apply(Mul(), g.apply(Add(), x, z), g.apply(Add(), z, x))
    }.becomes(["#1 = Add(x, z)", "y = Mul(#1, #1)"], by: RemoveDuplicates())
    try Example { g in
      let (x, z) = (g.x(2), g.x(2, named: "z"))
      return try g.apply(Mul(), g.apply(Sub(), x, z), g.apply(Sub(), z, x))
    }.isLeftAlone(by: RemoveDuplicates())
    try Example { g in
      let x = g.x(2)
      return try g.apply(Mul(), g.apply(RandomNormalLike(), x), g.apply(RandomNormalLike(), x))
    }.isLeftAlone(by: RemoveDuplicates())
    // Training makes two that drop different elements.
    try Example { g in
      let x = g.x(2)
      return try g.apply(Mul(), g.apply(Dropout(), x), g.apply(Dropout(), x))
    }.isLeftAlone(by: RemoveDuplicates())
  }

  @Test func equalConstants() throws {
    try Example { g in try g.apply(Mul(), g.apply(Add(), g.x(3), g.weights(3)), g.weights(3, named: "v")) }
      .becomes(["#1 = Add(x, w)", "y = Mul(#1, w)"], by: RemoveDuplicates())
    try Example { g in try g.apply(Mul(), g.apply(Add(), g.x(3), g.weights(3)), g.positive(3, named: "v")) }
      .isLeftAlone(by: RemoveDuplicates())
  }
}

@Suite struct FoldBatchNormalizationTests {
  private func norm(_ g: inout Graph, _ x: Value, _ channels: Int) throws -> Value {
    try g.apply(
      BatchNormalization(), x, g.positive(channels, named: "scale"), g.weights(channels, named: "shift"),
      g.weights(channels, named: "mean"),
      g.positive(channels, named: "variance"))
  }
  private let conv = configured(Conv()) { ($0.kernel_shape, $0.group) = ([3, 3], 2) }

  @Test func intoTheLayerBefore() throws {
    try Example { g in try norm(&g, g.apply(conv, g.x(1, 4, 5, 5), g.weights(6, 2, 3, 3)), 6) }
      .becomes(["y = Conv(x, w, #1) group: 2, kernel_shape: [3, 3]"], by: FoldBatchNormalization())
    let transposed = configured(ConvTranspose()) { ($0.kernel_shape, $0.group) = ([3, 3], 2) }
    try Example { g in
      try norm(&g, g.apply(transposed, g.x(1, 4, 5, 5), g.weights(4, 3, 3, 3), g.positive(6, named: "b")), 6)
    }
    .becomes(["y = ConvTranspose(x, w, b) group: 2, kernel_shape: [3, 3]"], by: FoldBatchNormalization())
    try Example { g in
      try norm(
        &g, g.apply(configured(Gemm()) { $0.transB = true }, g.x(2, 3), g.weights(4, 3), g.positive(4, named: "b")), 4)
    }
    .becomes(["y = Gemm(x, w, b) transB: 1"], by: FoldBatchNormalization())
    try Example { g in try norm(&g, g.apply(MatMul(), g.x(2, 3), g.weights(3, 4)), 4) }.becomes(
      ["y = Gemm(x, w, #1)"], by: FoldBatchNormalization())
    // Somebody else reads what is not normalized.
    try Example { g in
      let y = try g.apply(conv, g.x(1, 4, 5, 5), g.weights(6, 2, 3, 3))
      return try g.apply(Add(), y, norm(&g, y, 6))
    }.isLeftAlone(by: FoldBatchNormalization())
  }

  @Test func constantsPerChannel() throws {
    try Example { g in
      let y = try g.apply(Mul(), g.apply(conv, g.x(1, 4, 5, 5), g.weights(6, 2, 3, 3)), g.positive(6, 1, 1, named: "c"))
      return try g.apply(Sub(), y, g.number(2))
    }.becomes(["y = Conv(x, w, #1) group: 2, kernel_shape: [3, 3]"], by: FoldBatchNormalization())
    try Example { g in
      let scaled = try g.apply(Mul(), norm(&g, g.x(1, 4, 5, 5), 4), g.positive(4, 1, 1, named: "c"))
      return try g.apply(Add(), scaled, g.weights(4, 1, 1, named: "d"))
    }.becomes(["y = BatchNormalization(x, scale, shift, mean, variance)"], by: FoldBatchNormalization())
    // One number for each column, not each channel.
    try Example { g in
      try g.apply(Mul(), g.apply(conv, g.x(1, 4, 8, 8), g.weights(6, 2, 3, 3)), g.positive(6, named: "c"))
    }
    .isLeftAlone(by: FoldBatchNormalization())
  }

  @Test func intoTheLayerAfter() throws {
    try Example { g in try g.apply(conv, norm(&g, g.x(1, 4, 5, 5), 4), g.weights(6, 2, 3, 3)) }
      .becomes(["y = Conv(x, w, #1) group: 2, kernel_shape: [3, 3]"], by: FoldBatchNormalization())
    try Example { g in try g.apply(Gemm(), norm(&g, g.x(2, 3), 3), g.weights(3, 4), g.positive(4, named: "b")) }
      .becomes(["y = Gemm(x, w, #1)"], by: FoldBatchNormalization())
    // Padding is not normalized.
    let padded = configured(conv) { $0.pads = [1, 1, 1, 1] }
    try Example { g in try g.apply(padded, norm(&g, g.x(1, 4, 5, 5), 4), g.weights(6, 2, 3, 3)) }.isLeftAlone(
      by: FoldBatchNormalization())
  }
}
