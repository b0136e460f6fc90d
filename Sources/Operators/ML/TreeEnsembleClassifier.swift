public import HoneIR

/// The class of each row for which the leaves of decision trees vote most.
///
/// Where all votes of a model with two classes go to one of them, their sum decides: above ½ if no weight is negative,
/// else above 0.
public struct TreeEnsembleClassifier: ClassifierOp {
  public var base_values: [Float] = []
  public var base_values_as_tensor: Tensor?
  public var class_ids: [Int] = []
  public var class_nodeids: [Int] = []
  public var class_treeids: [Int] = []
  public var class_weights: [Float] = []
  public var class_weights_as_tensor: Tensor?
  public var classlabels_int64s: [Int] = []
  public var classlabels_strings: [String] = []
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
  public init() {}
  public static var since: Int { 3 }

  var labels: ClassLabels { ClassLabels(classlabels_int64s, classlabels_strings) }
  private var classCount: Int { max(labels.count, 1) }
  var scoreCount: Int { classCount }
  private var votesForOneOfTwo: Bool { classCount == 2 && Set(class_ids).count == 1 }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    element == .float32 ? try model(Float.self, .float32, features) : try model(Double.self, .float64, features)
  }

  private func model<T: BinaryFloatingPoint & Sendable & BitwiseCopyable>(
    _: T.Type, _ element: ElementType, _ features: Int
  ) throws(GraphError) -> RowModel {
    let weights = either(class_weights, class_weights_as_tensor)
    let isLone = votesForOneOfTwo
    let trees = try TreeAttributes(
      treeIDs: nodes_treeids, nodeIDs: nodes_nodeids, features: nodes_featureids, trueIDs: nodes_truenodeids,
      falseIDs: nodes_falsenodeids, missing: nodes_missing_value_tracks_true, modes: nodes_modes,
      values: either(nodes_values, nodes_values_as_tensor), voteTrees: class_treeids, voteNodes: class_nodeids,
      voteTargets: isLone ? class_ids.map { _ in 0 } : class_ids, voteWeights: weights
    ).trees()
    let sumCount = isLone ? 1 : classCount
    var base = either(base_values, base_values_as_tensor)
    if isLone && base.count == 2 { base = [base[class_ids[0] == 1 ? 1 : 0]] }
    if !isLone && base.count == 1 && classCount == 2 { base.append(0) }
    let totals = try ForestTotals(
      Forest<T>(trees, targetCount: sumCount, features: features), .sum, base: base, features: features)
    let isPositive = weights.allSatisfy { $0 >= 0 }
    let sumByteCount = FeatureRows.blockSize * sumCount * MemoryLayout<T>.stride
    let classCount = classCount
    return RowModel(
      rowElement: element, scoreCount: classCount, scratchByteCount: sumByteCount + totals.scratchByteCount
    ) { block in
      let sums = block.scratch.assumingMemoryBound(to: T.self)
      totals.run(block.rows.assumingMemoryBound(to: T.self), block.count, into: sums, block.scratch + sumByteCount)
      for i in 0..<block.count {
        let (row, scores) = (sums + i * sumCount, block.scores + i * classCount)
        if isLone {
          block.classes[i] = row[0] > (isPositive ? 0.5 : 0) ? 1 : 0
          writePair(Float(row[0]), scores, isPositive)
        } else {
          block.classes[i] = classCount == 1 ? (row[0] > 0 ? 1 : 0) : indexOfLargest(row, classCount)
          for j in 0..<classCount { scores[j] = Float(row[j]) }
          post_transform.applyUnlessAlone(scores, classCount)
        }
      }
    }
  }

  /// Scores of both classes from the sum for the second.
  private func writePair(_ sum: Float, _ scores: UnsafeMutablePointer<Float>, _ isPositive: Bool) {
    (scores[0], scores[1]) = (isPositive && post_transform != .logistic ? 1 - sum : -sum, sum)
    if post_transform == .logistic || post_transform == .probit { post_transform.apply(scores, 2) }
  }
}
