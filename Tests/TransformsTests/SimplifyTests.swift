import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

@Suite struct SimplifyArithmeticTests {
  @Test func neutralConstants() throws {
    try Example { g in try g.apply(Relu(), g.apply(Add(), g.x(2, 3), g.number(0))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Add(), g.number(0), g.x(2, 3))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Sub(), g.x(2, 3), g.number(0))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Mul(), g.x(2, 3), g.number(1))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Div(), g.x(2, 3), g.number(1))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Pow(), g.x(2, 3), g.number(1))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
  }

  @Test func constantsThatAreNotNeutral() throws {
    try Example { g in try g.apply(Relu(), g.apply(Sub(), g.number(0), g.x(2, 3))) }.isLeftAlone(by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Div(), g.number(1), g.x(2, 3))) }.isLeftAlone(by: Simplify())
    // The sum has more axes than x.
    try Example { g in
      try g.apply(Relu(), g.apply(Add(), g.x(3), g.constant(Tensor([Float](repeating: 0, count: 6), shape: [2, 3]))))
    }
    .isLeftAlone(by: Simplify())
    // The size may be 1.
    try Example { g in
      try g.apply(
        Relu(), g.apply(Add(), g.x(.symbol("n")), g.constant(Tensor([Float](repeating: 0, count: 3), shape: [3]))))
    }
    .isLeftAlone(by: Simplify())
  }

  @Test func inputsAreNotRenamed() throws {
    try Example { g in try g.apply(Add(), g.x(2, 3), g.number(0)) }.isLeftAlone(by: Simplify())
  }

  @Test func involutions() throws {
    try Example { g in try g.apply(Relu(), g.apply(Neg(), g.apply(Neg(), g.x(2, 3)))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Reciprocal(), g.apply(Reciprocal(), g.x(2, 3)))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Cast(to: .float32), g.apply(Not(), g.apply(Not(), g.x(2, element: .bool)))) }
      .becomes(["y = Cast(x)"], by: Simplify())
  }

  @Test func chainsOfConstants() throws {
    let passes = [Simplify() as any RewritePass, FoldConstants()]
    var example = try Example { g in try g.apply(Add(), g.apply(Add(), g.x(2, 3), g.number(1)), g.number(2)) }
    for pass in passes { _ = try pass.rewrite(&example.graph) }
    #expect(Example.lines(example.graph) == ["y = Add(x, 3.0)"])
    var product = try Example { g in try g.apply(Mul(), g.apply(Div(), g.x(2, 3), g.number(4)), g.number(2)) }
    for pass in passes { _ = try pass.rewrite(&product.graph) }
    #expect(Example.lines(product.graph) == ["y = Mul(x, 0.5)"])
    // Two vectors along different axes would make a matrix.
    try Example { g in try g.apply(Add(), g.apply(Add(), g.x(3, 3), g.weights(3, 1)), g.weights(1, 3)) }.isLeftAlone(
      by: Simplify())
  }

  @Test func sums() throws {
    try Example { g in try g.apply(Sum(), g.x(2), g.x(2, named: "z")) }.becomes(["y = Add(x, z)"], by: Simplify())
    try Example { g in try g.apply(Sum(), g.x(2), g.x(2, named: "z"), g.x(2, named: "u")) }.isLeftAlone(by: Simplify())
  }
}

@Suite struct SimplifySelectionTests {
  @Test func casts() throws {
    try Example { g in try g.apply(Relu(), g.apply(Cast(to: .float32), g.x(2))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Cast(to: .float32), g.apply(Cast(to: .int64), g.x(2, element: .int32))) }
      .becomes(["y = Cast(x)"], by: Simplify())
    // Fractions are cut off in between.
    try Example { g in try g.apply(Cast(to: .float32), g.apply(Cast(to: .int64), g.x(2))) }.isLeftAlone(by: Simplify())
  }

  @Test func clips() throws {
    try Example { g in try g.apply(Clip(), g.x(2, 3), g.number(0)) }.becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Clip(), g.apply(Relu(), g.x(2, 3)), nil, g.number(6)) }.becomes(
      ["y = Clip(x, 0.0, 6.0)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Clip(), g.x(2, 3), g.number(-1), g.number(1))) }
      .becomes(["y = Clip(x, 0.0, 1.0)"], by: Simplify())
    try Example { g in
      try g.apply(Clip(), g.apply(Clip(), g.x(2, 3), g.number(-1), g.number(1)), g.number(0), g.number(3))
    }
    .becomes(["y = Clip(x, 0.0, 1.0)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Relu(), g.x(2, 3))) }.becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Clip(), g.x(2, 3), g.x(named: "low")) }.isLeftAlone(by: Simplify())
    try Example { g in try g.apply(Clip(), g.x(2, 3), g.number(0), g.number(6)) }.isLeftAlone(by: Simplify())
  }

  @Test func choices() throws {
    let yes = Tensor([true], shape: [1])
    try Example { g in try g.apply(Relu(), g.apply(Where(), g.constant(yes), g.x(2), g.x(2, named: "z"))) }
      .becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in
      try g.apply(Relu(), g.apply(Where(), g.x(2, element: .bool), g.x(2, named: "z"), g.x(2, named: "u")))
    }
    .isLeftAlone(by: Simplify())
    // The other branch makes it a matrix.
    try Example { g in try g.apply(Relu(), g.apply(Where(), g.constant(yes), g.x(2), g.x(3, 2, named: "z"))) }
      .isLeftAlone(by: Simplify())
  }
}

@Suite struct SimplifyShapeTests {
  let n = Dimension.symbol("n")

  @Test func reshapes() throws {
    try Example { g in try g.apply(Relu(), g.apply(Reshape(), g.x(2, 3), g.integers(2, 3))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in
      try g.apply(Relu(), g.apply(Reshape(), g.apply(Reshape(), g.x(2, 6), g.integers(3, 4)), g.integers(12)))
    }
    .becomes(["#1 = Reshape(x, [12])", "y = Relu(#1)"], by: Simplify())
    try Example { g in
      try g.apply(Relu(), g.apply(Squeeze(), g.apply(Unsqueeze(), g.x(n, 3), g.integers(1)), g.integers(1)))
    }
    .becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Flatten(), g.x(n, 12))) }.becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Expand(), g.x(n, 3), g.integers(1, 3))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Tile(), g.x(n, 3), g.integers(1, 1))) }.becomes(
      ["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Reshape(), g.x(2, 6), g.integers(3, 4))) }.isLeftAlone(
      by: Simplify())
    try Example { g in try g.apply(Relu(), g.apply(Expand(), g.x(1, 3), g.integers(2, 3))) }.isLeftAlone(by: Simplify())
  }

  @Test func reshapeToComputedSizes() throws {
    try Example { g in
      let x = g.x(n, 4, 6)
      let batch = try g.apply(
        Unsqueeze(), g.apply(Gather(), g.apply(Shape(), x), g.constant(.scalar(Int64(0)))), g.integers(0))
      let target = try g.apply(configured(Concat()) { $0.axis = 0 }, batch, g.integers(24))
      return try g.apply(Relu(), g.apply(Reshape(), x, target))
    }.becomes(["#1 = Reshape(x, [0, 24])", "y = Relu(#1)"], by: Simplify())
  }

  @Test func sizesOfAxes() throws {
    try Example { g in
      let index = g.constant(.scalar(Int64(-1)))
      return try g.apply(
        Neg(), g.apply(Unsqueeze(), g.apply(Gather(), g.apply(Shape(), g.x(n, .symbol("m"))), index), g.integers(0)))
    }.becomes(["#1 = Shape(x) end: 2, start: 1", "y = Neg(#1)"], by: Simplify())
  }

  @Test func transposes() throws {
    func transposed(_ order: [Int]...) throws -> Example {
      try Example { g in
        var value = g.x(2, 3, 4)
        for perm in order { value = try g.apply(configured(Transpose()) { $0.perm = perm }, value) }
        return try g.apply(Relu(), value)
      }
    }
    try transposed([0, 1, 2]).becomes(["y = Relu(x)"], by: Simplify())
    try transposed([1, 2, 0], [2, 0, 1]).becomes(["y = Relu(x)"], by: Simplify())
    try transposed([1, 2, 0], [1, 2, 0]).becomes(["#1 = Transpose(x) perm: [2, 0, 1]", "y = Relu(#1)"], by: Simplify())
    try transposed([0, 2, 1]).isLeftAlone(by: Simplify())
    try Example { g in
      try g.apply(Relu(), g.apply(configured(Transpose()) { $0.perm = [0, 2, 1, 3] }, g.x(n, 1, 3, 4)))
    }
    .becomes(["#1 = Reshape(x, [0, 3, 1, 4])", "y = Relu(#1)"], by: Simplify())
  }

  @Test func channelShuffles() throws {
    func shuffled(_ axis: Int) throws -> Example {
      try Example { g in
        let split = try g.apply(Reshape(), g.x(1, 6, 4, 4), g.integers(3, 2, 16))
        let transposed = try g.apply(configured(Transpose()) { $0.perm = [1, 0, 2] }, split)
        let halves = try g.apply(Reshape(), transposed, g.integers(2, -1, 3, 4, 4))
        return try g.apply(configured(Gather()) { $0.axis = axis }, halves, g.constant(.scalar(Int64(1))))
      }
    }
    try shuffled(0).becomes(["#1 = Reshape(x, [1, 3, 2, 4, 4])", "y = Gather(#1, 1) axis: 2"], by: Simplify())
    #expect(Simplify.split([2, 3, 16], into: [2, 1, 3, 4, 4]) == [[2], [1, 3], [4, 4]])
    #expect(Simplify.split([2, 3], into: [3, 2]) == nil)
  }

  @Test func slices() throws {
    try Example { g in try g.apply(Relu(), g.apply(Slice(), g.x(n, 4), g.integers(0), g.integers(.max), g.integers(1)))
    }
    .becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in
      let inner = try g.apply(Slice(), g.x(4, 4), g.integers(1), g.integers(3), g.integers(0))
      return try g.apply(Relu(), g.apply(Slice(), inner, g.integers(0), g.integers(2), g.integers(-1)))
    }.becomes(["#1 = Slice(x, [1, 0], [3, 2], [0, 1], [1, 1])", "y = Relu(#1)"], by: Simplify())
    // Backwards.
    try Example { g in
      try g.apply(Relu(), g.apply(Slice(), g.x(4), g.integers(-1), g.integers(.min), g.integers(0), g.integers(-1)))
    }
    .isLeftAlone(by: Simplify())
    // The same axis twice.
    try Example { g in
      let inner = try g.apply(Slice(), g.x(4, 4), g.integers(1), g.integers(4), g.integers(0))
      return try g.apply(Relu(), g.apply(Slice(), inner, g.integers(0), g.integers(2), g.integers(0)))
    }.isLeftAlone(by: Simplify())
  }

  @Test func operatorsOnTransposes() throws {
    let back = configured(Transpose()) { $0.perm = [0, 2, 1] }
    try Example { g in try g.apply(Add(), g.apply(back, g.x(2, 3, 4)), g.apply(back, g.x(2, 3, 4, named: "z"))) }
      .becomes(["#1 = Add(x, z)", "y = Transpose(#1) perm: [0, 2, 1]"], by: Simplify())
    let reduction = configured(ReduceMax()) { $0.keepdims = false }
    try Example { g in try g.apply(reduction, g.apply(back, g.x(2, 3, 4)), g.integers(1)) }
      .becomes(["y = ReduceMax(x, [2]) keepdims: 0"], by: Simplify())
    // The axes that are left change places.
    try Example { g in try g.apply(reduction, g.apply(back, g.x(2, 3, 4)), g.integers(0)) }.isLeftAlone(by: Simplify())
  }

  @Test func slicesOfAllParts() throws {
    func parts(_ end: Int) throws -> Example {
      try Example { g in
        let x = g.x(2, 6)
        let first = try g.apply(Slice(), x, g.integers(0), g.integers(2), g.integers(1))
        let second = try g.apply(Slice(), x, g.integers(2), g.integers(end), g.integers(1))
        return try g.apply(configured(Concat()) { $0.axis = 1 }, second, first)
      }
    }
    try parts(.max).becomes(["#1, #2 = Split(x, [2, 4]) axis: 1", "y = Concat(#2, #1) axis: 1"], by: Simplify())
    try parts(5).isLeftAlone(by: Simplify())
  }

  @Test func concatenations() throws {
    let concat = configured(Concat()) { $0.axis = 1 }
    try Example { g in try g.apply(Relu(), g.apply(concat, g.x(2, 3))) }.becomes(["y = Relu(x)"], by: Simplify())
    try Example { g in try g.apply(concat, g.apply(concat, g.x(2, 3), g.x(2, 1, named: "z")), g.x(2, 2, named: "u")) }
      .becomes(["y = Concat(x, z, u) axis: 1"], by: Simplify())
    try Example { g in
      try g.apply(
        concat, g.apply(configured(Concat()) { $0.axis = 0 }, g.x(2, 3), g.x(2, 3, named: "z")), g.x(4, 2, named: "u"))
    }
    .isLeftAlone(by: Simplify())
  }
}

@Suite struct SimplifyLayerTests {
  @Test func padsOfWindows() throws {
    let conv = configured(Conv()) { $0.kernel_shape = [3, 3] }
    try Example { g in
      try g.apply(conv, g.apply(Pad(), g.x(1, 2, 5, 5), g.integers(0, 0, 1, 1, 0, 0, 1, 1)), g.weights(4, 2, 3, 3))
    }
    .becomes(["y = Conv(x, w) kernel_shape: [3, 3], pads: [1, 1, 1, 1]"], by: Simplify())
    // Channels are padded too.
    try Example { g in
      try g.apply(conv, g.apply(Pad(), g.x(1, 1, 5, 5), g.integers(0, 1, 1, 1, 0, 0, 1, 1)), g.weights(4, 2, 3, 3))
    }
    .isLeftAlone(by: Simplify())
    // Not by zero.
    try Example { g in
      try g.apply(
        conv, g.apply(Pad(), g.x(1, 2, 5, 5), g.integers(0, 0, 1, 1, 0, 0, 1, 1), g.number(1)), g.weights(4, 2, 3, 3))
    }.isLeftAlone(by: Simplify())
    let average = configured(AveragePool()) { $0.kernel_shape = [2, 2] }
    try Example { g in try g.apply(average, g.apply(Pad(), g.x(1, 2, 5, 5), g.integers(0, 0, 1, 1, 0, 0, 1, 1))) }
      .becomes(["y = AveragePool(x) count_include_pad: 1, kernel_shape: [2, 2], pads: [1, 1, 1, 1]"], by: Simplify())
    let maximum = configured(MaxPool()) { $0.kernel_shape = [2, 2] }
    try Example { g in
      try g.apply(maximum, g.apply(Pad(), g.apply(Relu(), g.x(1, 2, 5, 5)), g.integers(0, 0, 1, 1, 0, 0, 1, 1)))
    }
    .becomes(["#1 = Relu(x)", "y = MaxPool(#1) kernel_shape: [2, 2], pads: [1, 1, 1, 1]"], by: Simplify())
    // Elements may be below zero.
    try Example { g in try g.apply(maximum, g.apply(Pad(), g.x(1, 2, 5, 5), g.integers(0, 0, 1, 1, 0, 0, 1, 1))) }
      .isLeftAlone(by: Simplify())
  }

  @Test func products() throws {
    try Example { g in try g.apply(Add(), g.apply(MatMul(), g.x(2, 3), g.weights(3, 4)), g.positive(4, named: "b")) }
      .becomes(["y = Gemm(x, w, b)"], by: Simplify())
    try Example { g in
      try g.apply(Gemm(), g.apply(configured(Transpose()) { $0.perm = [1, 0] }, g.x(3, 2)), g.weights(3, 4))
    }
    .becomes(["y = Gemm(x, w) transA: 1"], by: Simplify())
    try Example { g in try g.apply(Add(), g.apply(Gemm(), g.x(2, 3), g.weights(3, 4)), g.positive(4, named: "b")) }
      .becomes(["y = Gemm(x, w, b)"], by: Simplify())
    // More than matrices.
    try Example { g in try g.apply(Add(), g.apply(MatMul(), g.x(2, 2, 3), g.weights(3, 4)), g.positive(4, named: "b")) }
      .isLeftAlone(by: Simplify())
    // The bias makes it bigger.
    try Example { g in try g.apply(Add(), g.apply(MatMul(), g.x(1, 3), g.weights(3, 4)), g.positive(2, 4, named: "b")) }
      .isLeftAlone(by: Simplify())
  }

  @Test func zeroStates() throws {
    let lstm = configured(LSTM()) { $0.hidden_size = 2 }
    try Example { g in
      let x = g.x(3, .symbol("n"), 4)
      let batch = try g.apply(configured(Shape()) { ($0.start, $0.end) = (1, 2) }, x)
      let sizes = try g.apply(configured(Concat()) { $0.axis = 0 }, g.integers(1), batch, g.integers(2))
      let zero = try g.apply(ConstantOfShape(), sizes)
      return try g.apply(
        lstm, [x, g.weights(1, 8, 4), g.weights(1, 8, 2, named: "r"), nil, nil, zero, zero], resultCount: 1)[0]
    }.becomes(["y = LSTM(x, w, r) hidden_size: 2"], by: Simplify())
    try Example { g in
      let state = g.x(1, 3, 2, named: "h")
      return try g.apply(
        lstm, [g.x(3, 3, 4), g.weights(1, 8, 4), g.weights(1, 8, 2, named: "r"), nil, nil, state, state], resultCount: 1
      )[0]
    }.isLeftAlone(by: Simplify())
  }
}
