import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

@Suite struct FuseActivationsTests {
  private let conv = configured(Conv()) { $0.kernel_shape = [1, 1] }
  private func layer(_ g: inout Graph) throws -> Value { try g.apply(conv, g.x(1, 2, 4, 4), g.weights(2, 2, 1, 1)) }

  @Test func convolutions() throws {
    try Example { g in try g.apply(Relu(), layer(&g)) }
      .becomes(["y = FusedConv(x, w) activation: \"Relu\", kernel_shape: [1, 1]"], by: FuseActivations())
    try Example { g in try g.apply(Clip(), layer(&g), g.number(0), g.number(6)) }
      .becomes(
        ["y = FusedConv(x, w) activation: \"Clip\", activation_params: [0.0, 6.0], kernel_shape: [1, 1]"],
        by: FuseActivations())
    // ONNX Runtime's layers do not know it.
    try Example { g in try g.apply(Elu(), layer(&g)) }.isLeftAlone(by: FuseActivations())
    // The layer is read before the activation too.
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Mul(), y, g.apply(Relu(), y))
    }.isLeftAlone(by: FuseActivations())
  }

  @Test func residuals() throws {
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Relu(), g.apply(Add(), y, g.x(1, 2, 4, 4, named: "z")))
    }.becomes(["y = FusedConv(x, w, –, z) activation: \"Relu\", kernel_shape: [1, 1]"], by: FuseActivations())
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Add(), g.x(1, 2, 4, 4, named: "z"), y)
    }.becomes(["y = FusedConv(x, w, –, z) kernel_shape: [1, 1]"], by: FuseActivations())
    // The residual is broadcast.
    try Example { g in
      let y = try layer(&g)
      return try g.apply(Add(), y, g.x(1, 2, 1, 1, named: "z"))
    }.isLeftAlone(by: FuseActivations())
  }

  @Test func products() throws {
    try Example { g in try g.apply(Tanh(), g.apply(Gemm(), g.x(2, 3), g.weights(3, 4))) }
      .becomes(["y = FusedGemm(x, w) activation: \"Tanh\""], by: FuseActivations())
    try Example { g in try g.apply(Clip(), g.apply(Gemm(), g.x(2, 3), g.weights(3, 4)), g.number(0), g.number(6)) }
      .isLeftAlone(by: FuseActivations())
  }
}

@Suite struct FuseTransformersTests {
  @Test func quickGelu() throws {
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Mul(), g.apply(Sigmoid(), x), x)
    }.becomes(["y = QuickGelu(x) alpha: 1.0"], by: FuseTransformers())
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Mul(), x, g.apply(Sigmoid(), g.apply(Mul(), x, g.number(1.5))))
    }.becomes(["y = QuickGelu(x) alpha: 1.5"], by: FuseTransformers())
    try Example { g in try g.apply(Mul(), g.x(2, 3), g.apply(Sigmoid(), g.x(2, 3, named: "z"))) }.isLeftAlone(
      by: FuseTransformers())
  }
}

@Suite struct FuseTransformerLayerTests {
  @Test func biases() throws {
    try Example { g in try g.apply(Gelu(), g.apply(Add(), g.x(2, 3, 4), g.positive(4, named: "b"))) }
      .becomes(["y = BiasGelu(x, b)"], by: FuseTransformers())
    try Example { g in
      try g.apply(
        configured(Gelu()) { $0.approximate = .tanh }, g.apply(Add(), g.x(2, 3, 4), g.positive(4, named: "b")))
    }
    .becomes(["y = FastGelu(x, b)"], by: FuseTransformers())
    // One number for each row.
    try Example { g in try g.apply(Gelu(), g.apply(Add(), g.x(2, 3, 4), g.positive(3, 1, named: "b"))) }.isLeftAlone(
      by: FuseTransformers())
  }

  @Test func skips() throws {
    func normalized(_ g: inout Graph, _ sum: Value) throws -> Value {
      try g.apply(LayerNormalization(), sum, g.positive(4, named: "s"), g.positive(4, named: "t"))
    }
    try Example { g in try normalized(&g, g.apply(Add(), g.x(2, 3, 4), g.x(2, 3, 4, named: "z"))) }
      .becomes(["y = SkipLayerNormalization(x, z, s, t) epsilon: 1e-05"], by: FuseTransformers())
    try Example { g in
      let biased = try g.apply(Add(), g.x(2, 3, 4), g.positive(4, named: "b"))
      return try normalized(&g, g.apply(Add(), biased, g.x(2, 3, 4, named: "z")))
    }.becomes(["y = SkipLayerNormalization(x, z, s, t, b) epsilon: 1e-05"], by: FuseTransformers())
    // Others read the sum too.
    try Example { g in
      let sum = try g.apply(Add(), g.x(2, 3, 4), g.x(2, 3, 4, named: "z"))
      return try g.apply(Mul(), sum, normalized(&g, sum))
    }.becomes(
      ["#1, #2, #3, #4 = SkipLayerNormalization(x, z, s, t) epsilon: 1e-05", "y = Mul(#4, #1)"], by: FuseTransformers())
    // Of a root mean square.
    func scaled(_ g: inout Graph, _ sum: Value) throws -> Value {
      try g.apply(RMSNormalization(), sum, g.positive(4, named: "s"))
    }
    try Example { g in try scaled(&g, g.apply(Add(), g.x(2, 3, 4), g.x(2, 3, 4, named: "z"))) }
      .becomes(["y = SkipSimplifiedLayerNormalization(x, z, s) epsilon: 1e-05"], by: FuseTransformers())
    try Example { g in
      let biased = try g.apply(Add(), g.x(2, 3, 4), g.positive(4, named: "b"))
      let sum = try g.apply(Add(), biased, g.x(2, 3, 4, named: "z"))
      return try g.apply(Mul(), sum, scaled(&g, sum))
    }.becomes(
      ["#1, #2, #3, #4 = SkipSimplifiedLayerNormalization(x, z, s, b) epsilon: 1e-05", "y = Mul(#4, #1)"],
      by: FuseTransformers())
    // The sum is broadcast.
    try Example { g in try normalized(&g, g.apply(Add(), g.x(2, 3, 4), g.x(1, 3, 4, named: "z"))) }.isLeftAlone(
      by: FuseTransformers())
  }
}

@Suite struct FuseProductsTests {
  @Test func factorsAndTransposes() throws {
    let swapped = configured(Transpose()) { $0.perm = [0, 2, 1] }
    try Example { g in try g.apply(Div(), g.apply(MatMul(), g.x(2, 3, 4), g.x(2, 4, 3, named: "z")), g.number(8)) }
      .becomes(["y = FusedMatMul(x, z) alpha: 0.125"], by: FuseProducts())
    try Example { g in
      try g.apply(Mul(), g.apply(MatMul(), g.x(2, 3, 4), g.apply(swapped, g.x(2, 3, 4, named: "z"))), g.number(0.5))
    }
    .becomes(["y = FusedMatMul(x, z) alpha: 0.5, transB: 1"], by: FuseProducts())
    try Example { g in try g.apply(MatMul(), g.apply(swapped, g.x(2, 4, 3)), g.x(2, 4, 3, named: "z")) }
      .becomes(["y = FusedMatMul(x, z) transA: 1"], by: FuseProducts())
    try Example { g in
      let (a, b) = (
        try g.apply(Mul(), g.x(2, 3), g.number(0.5)), try g.apply(Div(), g.x(3, 2, named: "z"), g.number(4))
      )
      return try g.apply(MatMul(), a, b)
    }.becomes(["y = FusedMatMul(x, z) alpha: 0.125"], by: FuseProducts())
    // The batch is moved.
    try Example { g in
      try g.apply(
        MatMul(), g.apply(configured(Transpose()) { $0.perm = [1, 0, 2] }, g.x(2, 4, 3)), g.x(4, 3, 2, named: "z"))
    }
    .isLeftAlone(by: FuseProducts())
  }
}

@Suite struct FuseAttentionTests {
  /// Two heads of three numbers, as PyTorch writes them.
  private func attention(_ g: inout Graph, heads: Int = 2, mask: (inout Graph) throws -> Value? = { _ in nil }) throws
    -> Value
  {
    let n = Dimension.symbol("n")
    func split(_ name: String, _ perm: [Int]) throws -> Value {
      let reshaped = try g.apply(Reshape(), g.x(n, 5, 6, named: name), g.integers(0, 0, heads, 6 / heads))
      return try g.apply(configured(Transpose()) { $0.perm = perm }, reshaped)
    }
    let scores = try g.apply(MatMul(), split("q", [0, 2, 1, 3]), split("k", [0, 2, 3, 1]))
    var scaled = try g.apply(Div(), scores, g.number(2))
    if let mask = try mask(&g) { scaled = try g.apply(Add(), scaled, mask) }
    let product = try g.apply(MatMul(), g.apply(Softmax(), scaled), split("v", [0, 2, 1, 3]))
    return try g.apply(
      Reshape(), g.apply(configured(Transpose()) { $0.perm = [0, 2, 1, 3] }, product), g.integers(0, 0, 6))
  }

  @Test func heads() throws {
    try Example { g in try attention(&g) }.becomes(
      ["y = MultiHeadAttention(q, k, v) num_heads: 2, scale: 0.5"], by: FuseAttention())
  }

  @Test func masks() throws {
    try Example { g in try attention(&g) { g in g.x(1, 1, 5, 5, named: "m") } }
      .becomes(["y = MultiHeadAttention(q, k, v, –, –, m) num_heads: 2, scale: 0.5"], by: FuseAttention())
    try Example { g in
      try attention(&g) { g in
        let mask = try g.apply(Unsqueeze(), g.x(.symbol("n"), 5, named: "mask", element: .int64), g.integers(1, 2))
        return try g.apply(Mul(), g.apply(Sub(), g.number(1), g.apply(Cast(to: .float32), mask)), g.number(-10000))
      }
    }.becomes(
      [
        "#1 = Cast(mask) to: 6",
        "y = MultiHeadAttention(q, k, v, –, #1) mask_filter_value: -10000.0, num_heads: 2, scale: 0.5",
      ], by: FuseAttention())
    // ONNX Runtime does not repeat the rows of a mask.
    try Example { g in try attention(&g) { g in g.x(.symbol("n"), 1, 1, 5, named: "m") } }.isLeftAlone(
      by: FuseAttention())
  }
}
