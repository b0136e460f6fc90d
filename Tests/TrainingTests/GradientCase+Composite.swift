import HoneIR
import HoneOperators

extension GradientCase {
  private static func with<O: Op>(_ op: O, _ change: (inout O) -> Void) -> O {
    var op = op
    change(&op)
    return op
  }

  /// Operators that are differentiated by their expansion.
  static let composite: [GradientCase] =
    [
      GradientCase(CastLike(), .random([2, 3]), .constant(Tensor([1.0], shape: [1]))),
      GradientCase(with(SwiGLU()) { $0.alpha = 1.5 }, .random([2, 3]), .random([2, 3])),
      GradientCase(Dropout(), .random([2, 3]), resultCount: 2),
      GradientCase(QuickGelu(), .random([2, 3])),
      GradientCase(Microsoft.FastGelu(), .random([2, 3]), .random([3])),
      GradientCase(Microsoft.BiasGelu(), .random([2, 3]), .random([3])),
      GradientCase(
        Microsoft.SkipLayerNormalization(), .random([2, 2, 4]), .random([2, 2, 4]), .random([4]), .random([4]),
        .random([4])),
    ] + attention + pastAttention + linearAttention

  private static let attention: [GradientCase] = {
    let open = Tensor((0..<20).map { $0 % 3 != 1 }, shape: [4, 5])
    let heads = with(Attention()) { ($0.q_num_heads, $0.kv_num_heads) = (2, 2) }
    return [
      GradientCase(Attention(), .random([2, 2, 4, 3]), .random([2, 2, 5, 3]), .random([2, 2, 5, 6])),
      GradientCase(with(heads) { $0.scale = 0.7 }, .random([2, 4, 6]), .random([2, 5, 6]), .random([2, 5, 4])),
      GradientCase(
        with(Attention()) { ($0.is_causal, $0.softcap) = (true, 2) }, .random([1, 2, 4, 3]), .random([1, 2, 4, 3]),
        .random([1, 2, 4, 3])),
      GradientCase(
        Attention(), .random([1, 4, 4, 3]), .random([1, 2, 5, 3]), .random([1, 2, 5, 2]), .constant(open)),
      GradientCase(
        Attention(), .random([1, 2, 4, 3]), .random([1, 2, 5, 3]), .random([1, 2, 5, 2]), .random([2, 1, 5])),
    ]
  }()

  /// With a past, with counts of keys, windows, masks of some keys only, and with the further results.
  private static let pastAttention: [GradientCase] = {
    let heads = with(Attention()) { ($0.q_num_heads, $0.kv_num_heads) = (2, 2) }
    let part = Tensor([true, false, true, true, true, false], shape: [2, 3])
    let q = GradientCase.Operand.random([2, 2, 3, 4])
    let (k, v) = (GradientCase.Operand.random([2, 1, 5, 4]), GradientCase.Operand.random([2, 1, 5, 3]))
    let (pastKey, pastValue) = (GradientCase.Operand.random([2, 1, 2, 4]), GradientCase.Operand.random([2, 1, 2, 3]))
    func scores(_ mode: Int) -> Attention {
      with(Attention()) { ($0.qk_matmul_output_mode, $0.softcap, $0.is_causal) = (mode, 2, mode != 2) }
    }
    return [
      GradientCase(Attention(), q, k, v, .absent, pastKey, pastValue, resultCount: 3),
      GradientCase(with(Attention()) { $0.is_causal = true }, q, k, v, .absent, pastKey, pastValue),
      GradientCase(
        with(heads) { $0.is_causal = true }, .random([1, 3, 8]), .random([1, 3, 8]), .random([1, 3, 6]), .absent,
        .random([1, 2, 2, 4]), .random([1, 2, 2, 3]), resultCount: 3),
      GradientCase(Attention(), q, k, v, resultCount: 3),
      GradientCase(scores(0), q, k, v, .absent, pastKey, pastValue, resultCount: 4),
      GradientCase(scores(1), q, k, v, .absent, pastKey, pastValue, resultCount: 4),
      GradientCase(scores(2), q, k, v, .absent, pastKey, pastValue, resultCount: 4),
      GradientCase(scores(3), q, k, v, .absent, pastKey, pastValue, resultCount: 4),
      GradientCase(
        with(Attention()) { ($0.left_window_size, $0.right_window_size) = (1, 2) }, q, k, v, .absent, pastKey, pastValue
      ),
      GradientCase(with(Attention()) { $0.left_window_size = 0 }, q, k, v),
      GradientCase(
        with(Attention()) { $0.is_causal = true }, q, k, v, .absent, .absent, .absent, .constant(.integers([4, 5]))),
      GradientCase(
        with(Attention()) { $0.left_window_size = 1 }, q, k, v, .absent, .absent, .absent, .constant(.integers([3, 5]))),
      GradientCase(Attention(), q, k, v, .constant(part.reshaped([1, 2, 1, 3]))),
      GradientCase(Attention(), q, k, v, .random([3, 4])),
      GradientCase(
        with(Microsoft.Attention()) { $0.num_heads = 2 }, .random([1, 3, 4]), .random([4, 12]), .random([12]), .absent,
        .random([2, 1, 2, 2, 2]), resultCount: 2),
      GradientCase(
        with(Microsoft.MultiHeadAttention()) { ($0.num_heads, $0.unidirectional) = (2, true) }, .random([1, 3, 4]),
        .random([1, 3, 4]), .random([1, 3, 6]), .absent, .absent, .absent, .random([1, 2, 2, 2]),
        .random([1, 2, 2, 3]),
        resultCount: 3),
      GradientCase(FlexAttention(), .random([1, 4, 3, 2]), .random([1, 2, 5, 2]), .random([1, 2, 5, 3])),
      GradientCase(
        with(FlexAttention()) { ($0.score_mod, $0.prob_mod) = (bounded, doubled) }, .random([1, 2, 3, 2]),
        .random([1, 2, 4, 2]), .random([1, 2, 4, 3])),
    ]
  }()

  /// tanh of the scores.
  private static let bounded = try! region { graph, x throws(GraphError) in try graph.apply(Tanh(), x) }
  /// Twice the shares.
  private static let doubled = try! region { graph, x throws(GraphError) in try graph.apply(Add(), x, x) }

  private static func region(_ body: (inout Graph, Value) throws(GraphError) -> Value) throws(GraphError) -> Region {
    var graph = Graph()
    let shape: [Dimension] = [.symbol("B"), .symbol("H"), .symbol("Q"), .symbol("K")]
    let x = graph.input("x", TensorType(.float64, shape))
    graph.outputs = [try body(&graph, x)]
    return Region(graph)
  }

  private static let linearAttention: [GradientCase] = {
    func rule(_ rule: LinearAttention.UpdateRule, _ heads: Int = 2) -> LinearAttention {
      with(LinearAttention()) { ($0.update_rule, $0.q_num_heads, $0.kv_num_heads) = (rule, heads, 2) }
    }
    let (q, k, v) = (
      GradientCase.Operand.random([2, 3, 4]), GradientCase.Operand.random([2, 3, 4]),
      GradientCase.Operand.random([2, 3, 6])
    )
    let state = GradientCase.Operand.random([2, 2, 2, 3])
    return [
      GradientCase(rule(.linear), q, k, v, resultCount: 2),
      GradientCase(rule(.linear, 4), .random([2, 3, 8]), k, v, state),
      GradientCase(with(rule(.gated)) { $0.scale = 0.5 }, q, k, v, state, .random([2, 3, 2]), resultCount: 2),
      GradientCase(rule(.gated), q, k, v, .absent, .random([2, 3, 4])),
      GradientCase(rule(.delta), q, k, v, .absent, .absent, .random([2, 3, 2])),
      GradientCase(rule(.delta), q, k, v, state, .absent, .random([2, 3, 1]), resultCount: 2),
      GradientCase(rule(.gated_delta, 4), .random([2, 3, 8]), k, v, state, .random([2, 3, 4]), .random([2, 3, 2])),
      GradientCase(
        rule(.gated_delta), .random([2, 1, 4]), .random([2, 1, 4]), .random([2, 1, 6]), state,
        .random([2, 1, 2]), .random([2, 1, 1]), resultCount: 2),
    ]
  }()
}
