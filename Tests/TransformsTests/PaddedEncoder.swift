import HoneIR
import HoneOperators

@testable import HoneTransforms

/// A transformer of two layers over `input_ids` and `attention_mask`, as exporters write it: the last layer, the mean of
/// its valid positions, and what follows its first position.
struct PaddedEncoder {
  enum Hiding: CaseIterable {
    /// (1 − mask)·−10000 is added.
    case sum
    /// −∞ where the mask, as a truth value, does not hold.
    case choice
    /// As `choice`, and keys after the query too.
    case future
  }
  var hiding = Hiding.sum
  /// Batch and length, if they are fixed.
  var sizes: [Int]?
  /// What scores lose with each key; not with `sum`.
  var slope: Float = 0
  let width = 12

  func graph() throws -> Graph {
    var builder = Builder()
    let shape = sizes.map { $0.map { Dimension($0) } } ?? [.symbol("batch"), .symbol("length")]
    let ids = builder.g.input("input_ids", TensorType(.int64, shape))
    let mask = builder.g.input("attention_mask", TensorType(.int64, shape))
    var x = try builder.embed(ids)
    let hidden = try builder.hide(mask, hiding, slope: slope)
    for _ in 0..<2 {
      x = try builder.normalized(builder.g.apply(Add(), x, builder.attend(x, hidden, isGuarded: hiding != .sum)))
      let wide = try builder.g.apply(Gelu(), builder.dense(x, width, 2 * width))
      x = try builder.normalized(builder.g.apply(Add(), builder.dense(wide, 2 * width, width), x))
    }
    builder.g.rename(x, to: "last")
    builder.g.outputs = [x, try builder.mean(x, mask), try builder.first(x)]
    return builder.g
  }

  private struct Builder {
    var g = Graph()
    private var numbers = RandomNumbers(seed: 11)
    init() {}

    mutating func weights(_ sizes: Int...) -> Value {
      g.constant(Tensor((0..<sizes.reduce(1, *)).map { _ in Float(numbers.normal()) * 0.3 }, shape: sizes))
    }

    mutating func dense(_ x: Value, _ from: Int, _ to: Int) throws -> Value {
      try g.apply(Add(), g.apply(MatMul(), x, weights(from, to)), weights(to))
    }

    mutating func normalized(_ x: Value) throws -> Value {
      try g.apply(LayerNormalization(), x, weights(12), weights(12))
    }

    mutating func length(_ x: Value) throws -> Value {
      try g.apply(Gather(), g.apply(Shape(), x), g.integers(1))
    }

    mutating func embed(_ ids: Value) throws -> Value {
      let words = try g.apply(Gather(), weights(11, 12), ids)
      let all = g.constant(Tensor((0..<48).map(Int64.init), shape: [1, 48]))
      let places = try g.apply(Slice(), all, g.integers(0), length(ids), g.integers(1), g.integers(1))
      return try normalized(g.apply(Add(), words, g.apply(Gather(), weights(48, 12), places)))
    }

    mutating func hide(_ mask: Value, _ hiding: PaddedEncoder.Hiding, slope: Float) throws -> Value {
      let wide = try g.apply(Unsqueeze(), mask, g.integers(1, 2))
      if hiding == .sum {
        return try g.apply(
          Mul(), g.apply(Sub(), g.number(1), g.apply(Cast(to: .float32), wide)), g.number(-10000))
      }
      var holds = try g.apply(Cast(to: .bool), wide)
      if hiding == .future {
        let places = try g.apply(
          NumberRange(), g.constant(.scalar(Int64(0))), g.apply(Squeeze(), length(mask)), g.constant(.scalar(Int64(1))))
        holds = try g.apply(
          And(), holds, g.apply(LessOrEqual(), places, g.apply(Unsqueeze(), places, g.integers(1))))
      }
      let choice = try g.apply(Where(), holds, g.number(0), g.number(-.infinity))
      guard slope > 0 else { return choice }
      let slopes = g.constant(Tensor((0..<48).map { -slope * Float($0) }, shape: [48]))
      return try g.apply(Add(), choice, g.apply(Slice(), slopes, g.integers(0), length(mask)))
    }

    mutating func attend(_ x: Value, _ hidden: Value, isGuarded: Bool) throws -> Value {
      let (q, k, v) = (try dense(x, 12, 12), try dense(x, 12, 12), try dense(x, 12, 12))
      let scores = try g.apply(MatMul(), split(q, [0, 2, 1, 3]), split(k, [0, 2, 3, 1]))
      var weights = try g.apply(Softmax(), g.apply(Add(), g.apply(Div(), scores, g.number(2)), hidden))
      if isGuarded { weights = try g.apply(Where(), g.apply(IsNaN(), weights), g.number(0), weights) }
      let product = try g.apply(MatMul(), weights, split(v, [0, 2, 1, 3]))
      let joined = try g.apply(
        Reshape(), g.apply(configured(Transpose()) { $0.perm = [0, 2, 1, 3] }, product), g.integers(0, 0, 12))
      return try dense(joined, 12, 12)
    }

    /// Two heads of six numbers.
    private mutating func split(_ x: Value, _ perm: [Int]) throws -> Value {
      try g.apply(configured(Transpose()) { $0.perm = perm }, g.apply(Reshape(), x, g.integers(0, 0, 2, 6)))
    }

    mutating func mean(_ x: Value, _ mask: Value) throws -> Value {
      let marks = try g.apply(Cast(to: .float32), g.apply(Unsqueeze(), mask, g.integers(2)))
      let sum = configured(ReduceSum()) { $0.keepdims = false }
      let total = try g.apply(sum, g.apply(Mul(), x, marks), g.integers(1))
      return try g.apply(Div(), total, g.apply(Max(), g.apply(sum, marks, g.integers(1)), g.number(1)))
    }

    mutating func first(_ x: Value) throws -> Value {
      let token = try g.apply(configured(Gather()) { $0.axis = 1 }, x, g.constant(.scalar(Int64(0))))
      return try g.apply(Tanh(), dense(token, 12, 12))
    }
  }
}
