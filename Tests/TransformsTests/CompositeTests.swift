import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

extension Graph {
  fileprivate mutating func mul(_ a: Value, _ b: Value) throws -> Value { try apply(Mul(), a, b) }
  fileprivate mutating func add(_ a: Value, _ b: Value) throws -> Value { try apply(Add(), a, b) }
  fileprivate mutating func mean(_ x: Value, _ axis: Int = -1) throws -> Value {
    try apply(ReduceMean(), x, integers(axis))
  }
  fileprivate mutating func squareRoot(_ x: Value, _ epsilon: Float = 1e-5) throws -> Value {
    try apply(Sqrt(), add(x, number(epsilon)))
  }
}

@Suite struct RecognizeActivationTests {
  @Test func gelu() throws {
    // PyTorch: x / √2, then · 0.5 last.
    try Example { g in
      let x = g.x(2, 3)
      let erf = try g.apply(Erf(), g.apply(Div(), x, g.number(1.4142135)))
      return try g.mul(g.mul(x, g.add(erf, g.number(1))), g.number(0.5))
    }.becomes(["y = Gelu(x)"], by: RecognizeComposites())
    // TensorFlow: x · 0.7071, 0.5 · x first.
    try Example { g in
      let x = g.x(2, 3)
      let erf = try g.apply(Erf(), g.mul(x, g.number(0.70710677)))
      return try g.mul(g.mul(g.number(0.5), x), g.add(g.number(1), erf))
    }.becomes(["y = Gelu(x)"], by: RecognizeComposites())
    // x is itself a product.
    try Example { g in
      let x = try g.mul(g.x(2, 3), g.x(2, 3, named: "z"))
      let erf = try g.apply(Erf(), g.mul(x, g.number(0.70710677)))
      return try g.mul(x, g.mul(g.number(0.5), g.add(g.number(1), erf)))
    }.becomes(["#1 = Mul(x, z)", "y = Gelu(#1)"], by: RecognizeComposites())
    // Another factor, and another operand.
    try Example { g in
      let x = g.x(2, 3)
      return try g.mul(g.mul(g.number(0.5), x), g.add(g.number(1), g.apply(Erf(), x)))
    }.isLeftAlone(by: RecognizeComposites())
    try Example { g in
      let erf = try g.apply(Erf(), g.mul(g.x(2, 3), g.number(0.70710677)))
      return try g.mul(g.mul(g.number(0.5), g.x(2, 3, named: "z")), g.add(g.number(1), erf))
    }.isLeftAlone(by: RecognizeComposites())
  }

  @Test(arguments: [true, false]) func geluWithTanh(power: Bool) throws {
    try Example { g in
      let x = g.x(2, 3)
      let cube = power ? try g.apply(Pow(), x, g.number(3)) : try g.mul(x, g.mul(x, x))
      let inner = try g.mul(g.number(0.7978846), g.add(x, g.mul(g.number(0.044715), cube)))
      return try g.mul(g.mul(g.number(0.5), x), g.add(g.number(1), g.apply(Tanh(), inner)))
    }.becomes(["y = Gelu(x) approximate: \"tanh\""], by: RecognizeComposites())
  }

  @Test func hardSwish() throws {
    for order in 0..<3 {
      try Example { g in
        let x = g.x(2, 3)
        let gate = try g.apply(Clip(), g.add(x, g.number(3)), g.number(0), g.number(6))
        switch order {
        case 0: return try g.apply(Div(), g.mul(x, gate), g.number(6))
        case 1: return try g.mul(x, g.apply(Div(), gate, g.number(6)))
        default: return try g.mul(g.mul(gate, g.number(1 / 6)), x)
        }
      }.becomes(["y = HardSwish(x)"], by: RecognizeComposites())
    }
    try Example { g in
      let x = g.x(2, 3)
      let gate = try g.apply(Clip(), g.add(x, g.number(2)), g.number(0), g.number(6))
      return try g.apply(Div(), g.mul(x, gate), g.number(6))
    }.isLeftAlone(by: RecognizeComposites())
  }

  @Test func others() throws {
    try Example { g in try g.apply(Log(), g.add(g.number(1), g.apply(Exp(), g.x(2, 3)))) }.becomes(
      ["y = Softplus(x)"], by: RecognizeComposites())
    try Example { g in
      let x = g.x(2, 3)
      return try g.mul(x, g.apply(Tanh(), g.apply(Softplus(), x)))
    }.becomes(["y = Mish(x)"], by: RecognizeComposites())
    try Example { g in
      try g.apply(Clip(), g.add(g.mul(g.x(2, 3), g.number(0.25)), g.number(0.5)), g.number(0), g.number(1))
    }
    .becomes(["y = HardSigmoid(x) alpha: 0.25"], by: RecognizeComposites())
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Max(), x, g.mul(x, g.number(0.1)))
    }.becomes(["y = LeakyRelu(x) alpha: 0.1"], by: RecognizeComposites())
    // A slope above 1 turns the choice around.
    try Example { g in
      let x = g.x(2, 3)
      return try g.apply(Max(), x, g.mul(x, g.number(2)))
    }.isLeftAlone(by: RecognizeComposites())
  }
}

@Suite struct RecognizeNormalizationTests {
  @Test func pyTorch() throws {
    try Example { g in
      let x = g.x(2, 3, 8)
      let difference = try g.apply(Sub(), x, g.mean(x))
      let variance = try g.mean(g.apply(Pow(), difference, g.number(2)))
      let normal = try g.apply(Div(), difference, g.squareRoot(variance))
      return try g.add(g.mul(normal, g.positive(8, named: "scale")), g.positive(8, named: "shift"))
    }.becomes(["y = LayerNormalization(x, scale, shift)"], by: RecognizeComposites())
  }

  @Test func tensorFlow() throws {
    try Example { g in
      let x = g.x(2, 3, 8)
      let mean = try g.mean(x)
      let difference = try g.apply(Sub(), x, mean)
      let factor = try g.mul(
        g.apply(Reciprocal(), g.squareRoot(g.mean(g.mul(difference, difference)), 0.5)), g.positive(8, named: "scale"))
      return try g.add(g.mul(x, factor), g.apply(Sub(), g.positive(8, named: "shift"), g.mul(mean, factor)))
    }.becomes(["y = LayerNormalization(x, scale, shift) epsilon: 0.5"], by: RecognizeComposites())
  }

  @Test func withoutScale() throws {
    try Example { g in
      let x = g.x(2, 8)
      let difference = try g.apply(Sub(), x, g.mean(x))
      return try g.apply(Div(), difference, g.squareRoot(g.mean(g.mul(difference, difference))))
    }.becomes(["y = LayerNormalization(x, #1)"], by: RecognizeComposites())
  }

  @Test func anotherAxis() throws {
    // Statistics of the first axis are not a layer's.
    try Example { g in
      let x = g.x(3, 8)
      let difference = try g.apply(Sub(), x, g.mean(x, 0))
      return try g.apply(Div(), difference, g.squareRoot(g.mean(g.mul(difference, difference), 0)))
    }.isLeftAlone(by: RecognizeComposites())
  }

  @Test func rootMeanSquare() throws {
    let example = try Example { g in
      let x = g.x(2, 8)
      let factor = try g.apply(Reciprocal(), g.squareRoot(g.mean(g.apply(Pow(), x, g.number(2)))))
      return try g.mul(g.positive(8, named: "scale"), g.mul(x, factor))
    }
    try example.isLeftAlone(by: RecognizeComposites())
    try example.becomes(["y = RMSNormalization(x, scale)"], by: configured(RecognizeComposites()) { $0.opset = 23 })
  }

  @Test func softmax() throws {
    try Example { g in
      let x = g.x(2, 8)
      let e = try g.apply(Exp(), g.apply(Sub(), x, g.apply(ReduceMax(), x, g.integers(-1))))
      return try g.apply(Div(), e, g.apply(ReduceSum(), e, g.integers(-1)))
    }.becomes(["y = Softmax(x) axis: 1"], by: RecognizeComposites())
    try Example { g in try g.apply(Log(), g.apply(Softmax(), g.x(2, 8))) }.becomes(
      ["y = LogSoftmax(x)"], by: RecognizeComposites())
  }

  @Test func pools() throws {
    let conv = configured(Conv()) { $0.kernel_shape = [1, 1] }
    try Example { g in
      try g.apply(ReduceMean(), g.apply(conv, g.x(1, 2, 4, 4), g.weights(3, 2, 1, 1)), g.integers(2, 3))
    }
    .becomes(["#1 = Conv(x, w) kernel_shape: [1, 1]", "y = GlobalAveragePool(#1)"], by: RecognizeComposites())
    try Example { g in
      try g.apply(ReduceMean(), g.apply(conv, g.x(1, 2, 4, 4), g.weights(3, 2, 1, 1)), g.integers(1, 2))
    }
    .isLeftAlone(by: RecognizeComposites())
  }
}
