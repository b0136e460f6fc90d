public import HoneIR

/// Numbers for each row, put together from the leaves that decision trees lead to.
public struct TreeEnsembleRegressor: RegressorOp {
  public var aggregate_function = TreeAggregate.sum
  public var base_values: [Float] = []
  public var base_values_as_tensor: Tensor?
  public var n_targets = 1
  public var nodes_falsenodeids: [Int] = []
  public var nodes_featureids: [Int] = []
  public var nodes_hitrates: [Float] = []
  public var nodes_hitrates_as_tensor: Tensor?
  public var nodes_missing_value_tracks_true: [Int] = []
  public var nodes_modes: [String] = []
  public var nodes_nodeids: [Int] = []
  public var nodes_treeids: [Int] = []
  public var nodes_truenodeids: [Int] = []
  public var nodes_values: [Float] = []
  public var nodes_values_as_tensor: Tensor?
  public var post_transform = PostTransform.none
  public var target_ids: [Int] = []
  public var target_nodeids: [Int] = []
  public var target_treeids: [Int] = []
  public var target_weights: [Float] = []
  public var target_weights_as_tensor: Tensor?
  public init() {}
  public static var since: Int { 3 }

  var targetCount: Int { n_targets }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    element == .float32 ? try model(Float.self, .float32, features) : try model(Double.self, .float64, features)
  }

  private func model<T: BinaryFloatingPoint & Sendable & BitwiseCopyable>(
    _: T.Type, _ element: ElementType, _ features: Int
  ) throws(GraphError) -> RowModel {
    let trees = try TreeAttributes(
      treeIDs: nodes_treeids, nodeIDs: nodes_nodeids, features: nodes_featureids, trueIDs: nodes_truenodeids,
      falseIDs: nodes_falsenodeids, missing: nodes_missing_value_tracks_true, modes: nodes_modes,
      values: either(nodes_values, nodes_values_as_tensor), voteTrees: target_treeids, voteNodes: target_nodeids,
      voteTargets: target_ids, voteWeights: either(target_weights, target_weights_as_tensor)
    ).trees()
    let totals = try ForestTotals(
      Forest<T>(trees, targetCount: n_targets, features: features), aggregate_function,
      base: either(base_values, base_values_as_tensor), features: features)
    let sumByteCount = FeatureRows.blockSize * n_targets * MemoryLayout<T>.stride
    return RowModel(
      rowElement: element, scoreCount: n_targets, scratchByteCount: sumByteCount + totals.scratchByteCount
    ) { block in
      let sums = block.scratch.assumingMemoryBound(to: T.self)
      totals.run(block.rows.assumingMemoryBound(to: T.self), block.count, into: sums, block.scratch + sumByteCount)
      for i in 0..<(block.count * n_targets) { block.scores[i] = Float(sums[i]) }
      for i in 0..<block.count { post_transform.applyUnlessAlone(block.scores + i * n_targets, n_targets) }
    }
  }
}
