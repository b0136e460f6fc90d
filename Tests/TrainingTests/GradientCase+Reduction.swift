import HoneIR
import HoneOperators

extension GradientCase {
  private static func with<O: DifferentiableOp>(_ op: O, _ change: (inout O) -> Void) -> O {
    var op = op
    change(&op)
    return op
  }
  private static func axes(_ axes: Int...) -> Operand { .constant(.integers(axes)) }

  /// The family of reductions.
  static let reduction: [GradientCase] = sums + products + normalizations + losses

  private static let sums: [GradientCase] = [
    GradientCase(ReduceSum(), .random([2, 3, 4]), axes(1)),
    GradientCase(with(ReduceSum()) { $0.keepdims = false }, .random([2, 3, 4]), axes(0, -1)),
    GradientCase(with(ReduceMean()) { $0.keepdims = false }, .random([2, 3, 4]), axes(1)),
    GradientCase(ReduceMean(), .random([2, 3])), GradientCase(ReduceMax(), .random([2, 3, 4]), axes(1, 2)),
    GradientCase(with(ReduceMin()) { $0.keepdims = false }, .random([2, 3, 4]), axes(1)),
    GradientCase(ReduceL1(), .random([2, 5]), axes(1)), GradientCase(ReduceL2(), .random([2, 5]), axes(0)),
    GradientCase(with(ReduceLogSum()) { $0.keepdims = false }, .random([2, 5], 0.5...2), axes(1)),
    GradientCase(with(ReduceLogSumExp()) { $0.keepdims = false }, .random([2, 5]), axes(1)),
    GradientCase(with(ReduceSumSquare()) { $0.keepdims = false }, .random([2, 5]), axes(0)),
    GradientCase(with(ReduceProd()) { $0.keepdims = false }, .random([2, 5], 0.5...2), axes(1)),
    GradientCase(
      ReduceProd(), .given(Tensor([2, 0, 3, 0, 0, 5, 1, 2, 3], shape: [3, 3])), axes(1)),
    GradientCase(Softmax(), .random([3, 5])), GradientCase(Softmax(), .random([2, 40])),
    GradientCase(with(Softmax()) { $0.axis = 1 }, .random([2, 3, 5])), GradientCase(LogSoftmax(), .random([3, 5])),
    GradientCase(with(LogSoftmax()) { $0.axis = 0 }, .random([4, 5])), GradientCase(Hardmax(), .random([3, 5])),
  ]

  private static let products: [GradientCase] =
    [
      GradientCase(MatMul(), .random([3, 4]), .random([4, 5])), GradientCase(MatMul(), .random([4]), .random([4, 5])),
      GradientCase(MatMul(), .random([3, 4]), .random([4])), GradientCase(MatMul(), .random([4]), .random([4])),
      GradientCase(MatMul(), .random([2, 3, 4]), .random([4, 5])),
      GradientCase(MatMul(), .random([2, 3, 4]), .random([4])),
      GradientCase(MatMul(), .random([2, 3, 4]), .random([2, 4, 5])),
      GradientCase(MatMul(), .random([2, 1, 3, 4]), .random([3, 4, 5])),
      GradientCase(MatMul(), .random([3, 4]), .random([2, 4, 5])),
      GradientCase(MatMul(), .random([4]), .random([2, 4, 5])),
    ]
    + [(false, false), (true, false), (false, true), (true, true)].map { transA, transB in
      GradientCase(
        with(Gemm()) { ($0.transA, $0.transB, $0.alpha, $0.beta) = (transA, transB, 0.5, 2) },
        .random(transA ? [4, 3] : [3, 4]), .random(transB ? [5, 4] : [4, 5]), .random(transA ? [5] : [3, 1]))
    }
    + [(false, false), (true, false), (false, true), (true, true)].map { transA, transB in
      GradientCase(
        with(Microsoft.FusedMatMul()) { ($0.transA, $0.transB, $0.alpha) = (transA, transB, 0.5) },
        .random(transA ? [2, 4, 3] : [2, 3, 4]), .random(transB ? [1, 5, 4] : [1, 4, 5]))
    }
    + ["ij,jk->ik", "bij,bjk->bik", "ij->ji", "ij->i", "ii->i", "...ij,jk->...ik", "ij,ij->"].map { equation in
      let terms = equation.prefix { $0 != "-" }.split(separator: ",").map { Array($0.filter { $0 != "." }) }
      let sizes: [Character: Int] = ["b": 2, "i": 3, "j": 4, "k": 5]
      var item = GradientCase(with(Einsum()) { $0.equation = equation })
      item.operands = terms.map { .random($0.map { sizes[$0]! }) }
      return item
    }
    + [
      GradientCase(Det(), .random([2, 3, 3])),
      GradientCase(RotaryEmbedding(), .random([1, 2, 3, 4]), .fixed([1, 3, 2]), .fixed([1, 3, 2])),
    ]

  private static let normalizations: [GradientCase] = [
    GradientCase(LayerNormalization(), .random([3, 2, 8]), .random([8]), .random([8])),
    GradientCase(LayerNormalization(), .random([70, 5]), .random([5])),
    GradientCase(with(LayerNormalization()) { $0.axis = 1 }, .random([3, 2, 4]), .random([2, 4]), .random([4])),
    GradientCase(LayerNormalization(), .random([3, 8]), .random([1]), .random([8])),
    GradientCase(RMSNormalization(), .random([3, 8]), .random([8])),
    GradientCase(RMSNormalization(), .random([2, 3, 8]), .random([3, 1])),
    GradientCase(InstanceNormalization(), .random([2, 3, 4, 2]), .random([3]), .random([3])),
    GradientCase(with(GroupNormalization()) { $0.num_groups = 2 }, .random([2, 4, 5]), .random([4]), .random([4])),
    GradientCase(with(GroupNormalization()) { $0.num_groups = 2 }, .random([2, 4, 5]), .random([2]), .random([2])),
    GradientCase(MeanVarianceNormalization(), .random([2, 3, 2, 2])),
    GradientCase(LpNormalization(), .random([3, 5])),
    GradientCase(with(LpNormalization()) { ($0.axis, $0.p) = (0, 1) }, .random([3, 5])),
    GradientCase(with(LRN()) { ($0.size, $0.alpha, $0.beta) = (3, 0.5, 0.75) }, .random([2, 5, 3])),
    GradientCase(with(LRN()) { ($0.size, $0.alpha, $0.beta) = (2, 0.5, 0.6) }, .random([1, 4, 3])),
  ]

  private static let losses: [GradientCase] = [.mean, .sum, .none].flatMap { (reduction: LossReduction) in
    let classes = Operand.constant(Tensor([Int64(1), 0, 4, 2], shape: [4]))
    let places = Operand.constant(Tensor([Int64(1), 0, 2, 2, 0, 1], shape: [2, 3]))
    let weights = Operand.constant(Tensor([0.5, 2, 1, 0.25, 3], shape: [5]))
    return [
      GradientCase(with(SoftmaxCrossEntropyLoss()) { $0.reduction = reduction }, .random([4, 5]), classes),
      GradientCase(
        with(SoftmaxCrossEntropyLoss()) { ($0.reduction, $0.ignore_index) = (reduction, 0) }, .random([4, 5]), classes,
        weights, resultCount: 2),
      GradientCase(with(SoftmaxCrossEntropyLoss()) { $0.reduction = reduction }, .random([2, 3, 3]), places),
      GradientCase(with(NegativeLogLikelihoodLoss()) { $0.reduction = reduction }, .random([4, 5]), classes, weights),
      GradientCase(
        with(NegativeLogLikelihoodLoss()) { ($0.reduction, $0.ignore_index) = (reduction, 2) }, .random([2, 3, 3]),
        places
      ),
    ]
  }

  /// Operators whose gradients other tests cover.
  static let testedElsewhere: [any Op.Type] = [
    Linear.self, BatchNormalization.self, RandomDropout.self, QuantizeLinear.self, DequantizeLinear.self,
  ]
}
