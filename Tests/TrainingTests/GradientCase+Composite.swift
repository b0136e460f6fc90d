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
    ] + attention

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
}
