import Foundation
import HoneIR
import HoneOperators

@testable import HoneTransforms

/// A decoder of two layers as exporters write it, with random weights: 2 heads of 4, 13 words, up to 32 positions.
struct SmallDecoder {
  enum Attending: CaseIterable {
    /// MatMul, Softmax, MatMul, in the order of heads and positions.
    case products
    /// The same, with a softmax behind a choice that no fusion knows.
    case choices
    /// ONNX Runtime's operator with past and present.
    case microsoft
    /// ONNX's operator with past and present.
    case standard
    /// ONNX Runtime's operator whose queries share one head of keys and values, with angles for positions.
    case grouped
  }
  var attending = Attending.products
  /// Position numbers are an input; otherwise they come from the past's length.
  var takesPositions = false
  /// The causal mask is cut out of a square of all positions; otherwise it comes from comparisons.
  var cutsMask = false
  var takesMask = true
  private var seed = 1
  private var keyHeads: Int { attending == .grouped ? 1 : 2 }

  init(_ attending: Attending = .products) { self.attending = attending }

  private mutating func weights(_ sizes: Int...) -> Tensor {
    let count = sizes.reduce(1, *)
    seed += 1
    return Tensor(
      (0..<count).map { Float(($0 &* 7919 &+ seed &* 104729) % 1009) / 1009 - 0.5 }, shape: sizes)
  }

  /// Inputs: ids, attention_mask, position_ids (where asked for), past_key_values.i.key and .value.
  mutating func graph() throws -> Graph {
    var g = Graph()
    let (s, p) = (Dimension.symbol("sequence"), Dimension.symbol("past"))
    let ids = g.input("input_ids", TensorType(.int64, [1, s]))
    let mask = takesMask ? g.input("attention_mask", TensorType(.int64, [1, .symbol("total")])) : nil
    let given = takesPositions ? g.input("position_ids", TensorType(.int64, [1, s])) : nil
    var pasts: [Value] = []
    for i in 0..<2 {
      for name in ["key", "value"] {
        pasts.append(g.input("past_key_values.\(i).\(name)", TensorType(.float32, [1, Dimension(keyHeads), p, 4])))
      }
    }
    func scalar(_ i: Int) -> Value { g.constant(.scalar(Int64(i))) }
    let newCount = try g.apply(Gather(), g.apply(Shape(), ids), scalar(1))
    let pastCount = try g.apply(Gather(), g.apply(Shape(), pasts[0]), scalar(2))
    let total = try g.apply(Add(), pastCount, newCount)
    let positions = try g.apply(NumberRange(), pastCount, total, scalar(1))
    let places = try given ?? g.apply(Unsqueeze(), positions, g.constant(.integers([0])))
    var x = try g.apply(
      Add(), g.apply(Gather(), g.constant(weights(13, 8)), ids), g.apply(Gather(), g.constant(weights(32, 8)), places))
    let bias = try additive(try open(positions, total, pastCount, mask, &g), &g)
    var presents: [Value] = []
    for i in 0..<2 {
      let norm = try g.apply(LayerNormalization(), x, g.constant(weights(8)), g.constant(weights(8)))
      var parts: [Value] = []
      for width in [8, 4 * keyHeads, 4 * keyHeads] {
        parts.append(try g.apply(MatMul(), norm, g.constant(weights(8, width))))
      }
      let (y, k, v) =
        attending == .grouped
        ? try attend(parts, Array(pasts[2 * i...2 * i + 1]), given, mask, total, &g)
        : try attend(parts, pasts[2 * i], pasts[2 * i + 1], bias, &g)
      presents += [k, v]
      x = try g.apply(Add(), x, g.apply(MatMul(), y, g.constant(weights(8, 8))))
      x = try g.apply(Add(), x, g.apply(MatMul(), g.apply(Tanh(), x), g.constant(weights(8, 8))))
    }
    let logits = try g.apply(MatMul(), x, g.constant(weights(8, 13)))
    g.outputs = [logits] + presents
    g.rename(logits, to: "logits")
    for (i, present) in presents.enumerated() { g.rename(present, to: "present.\(i / 2).\(["key", "value"][i % 2])") }
    return g
  }

  /// Which keys queries see: bool[1, 1, new, all].
  private mutating func open(
    _ positions: Value, _ total: Value, _ past: Value, _ mask: Value?, _ g: inout Graph
  ) throws -> Value {
    func vector(_ i: Int...) -> Value { g.constant(.integers(i)) }
    var open: Value
    if cutsMask {
      let square = Tensor((0..<32 * 32).map { $0 % 32 <= $0 / 32 }, shape: [1, 1, 32, 32])
      let (from, to) = (try g.apply(Unsqueeze(), past, vector(0)), try g.apply(Unsqueeze(), total, vector(0)))
      let rows = try g.apply(Slice(), g.constant(square), from, to, vector(2))
      open = try g.apply(Slice(), rows, vector(0), to, vector(3))
    } else {
      let keys = try g.apply(NumberRange(), g.constant(.scalar(Int64(0))), total, g.constant(.scalar(Int64(1))))
      let rows = try g.apply(Unsqueeze(), positions, vector(0, 1, 3))
      open = try g.apply(LessOrEqual(), g.apply(Unsqueeze(), keys, vector(0, 1, 2)), rows)
    }
    guard let mask else { return open }
    return try g.apply(And(), open, g.apply(Unsqueeze(), g.apply(Cast(to: .bool), mask), vector(1, 2)))
  }

  private func additive(_ open: Value, _ g: inout Graph) throws -> Value {
    try g.apply(Where(), open, g.constant(.scalar(Float(0))), g.constant(.scalar(Float(-1e9))))
  }

  private func attend(_ parts: [Value], _ pastKey: Value, _ pastValue: Value, _ bias: Value, _ g: inout Graph) throws
    -> (Value, Value, Value)
  {
    if attending == .standard || attending == .microsoft {
      let op: any Op
      let operands: [Value?]
      if attending == .standard {
        var attention = Attention()
        (attention.q_num_heads, attention.kv_num_heads) = (2, 2)
        (op, operands) = (attention, parts + [bias, pastKey, pastValue])
      } else {
        var attention = Microsoft.MultiHeadAttention()
        attention.num_heads = 2
        (op, operands) = (attention, parts + [nil, nil, bias, pastKey, pastValue])
      }
      let results = try g.apply(op, operands, resultCount: 3)
      return (results[0], results[1], results[2])
    }
    var split = Transpose()
    split.perm = [0, 2, 1, 3]
    var heads: [Value] = []
    for part in parts {
      heads.append(try g.apply(split, g.apply(Reshape(), part, g.constant(.integers([0, 0, 2, 4])))))
    }
    var concat = Concat()
    concat.axis = -2
    let (k, v) = (try g.apply(concat, pastKey, heads[1]), try g.apply(concat, pastValue, heads[2]))
    var turn = Transpose()
    turn.perm = [0, 1, 3, 2]
    var scores = try g.apply(
      Add(), g.apply(Mul(), g.apply(MatMul(), heads[0], g.apply(turn, k)), g.constant(.scalar(Float(0.5)))), bias)
    if attending == .choices { scores = try g.apply(Where(), g.apply(IsNaN(), scores), bias, scores) }
    let y = try g.apply(MatMul(), g.apply(Softmax(), scores), v)
    return (try g.apply(Reshape(), g.apply(split, y), g.constant(.integers([0, 0, 8]))), k, v)
  }

  /// As models for ONNX Runtime have it: the mask says how many positions there are.
  private func attend(
    _ parts: [Value], _ past: [Value], _ positions: Value?, _ mask: Value?, _ total: Value, _ g: inout Graph
  ) throws -> (Value, Value, Value) {
    var op = Microsoft.GroupQueryAttention()
    (op.num_heads, op.kv_num_heads, op.do_rotary) = (2, 1, true)
    let angles: [Float] = (0..<64).map { Float($0 / 2) / ($0 % 2 == 0 ? 1 : 10) }
    let tables = [
      Tensor(angles.map { Float(Foundation.cos(Double($0))) }, shape: [32, 2]),
      Tensor(angles.map { Float(Foundation.sin(Double($0))) }, shape: [32, 2]),
    ]
    var (count, all) = (try g.apply(Unsqueeze(), total, g.constant(.integers([0]))), total)
    if let mask {
      var sum = ReduceSum()
      sum.keepdims = false
      count = try g.apply(sum, mask, g.constant(.integers([1])))
      all = try g.apply(Gather(), g.apply(Shape(), mask), g.constant(.scalar(Int64(1))))
    }
    let last = try g.apply(Cast(to: .int32), g.apply(Sub(), count, g.constant(.scalar(Int64(1)))))
    let results = try g.apply(
      op,
      parts + past + [last, try g.apply(Cast(to: .int32), all)] + tables.map { g.constant($0) } + [positions],
      resultCount: 3)
    return (results[0], results[1], results[2])
  }
}
