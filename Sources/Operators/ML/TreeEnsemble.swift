public import HoneIR

/// Numbers for each row, put together from the leaves that decision trees lead to; nodes and leaves are apart.
public struct TreeEnsemble: ExecutableOp, RequiringOp {
  public var aggregate_function = 1
  public var leaf_targetids: [Int] = []
  public var leaf_weights: Tensor?
  public var membership_values: Tensor?
  public var n_targets = 1
  public var nodes_falseleafs: [Int] = []
  public var nodes_falsenodeids: [Int] = []
  public var nodes_featureids: [Int] = []
  public var nodes_hitrates: Tensor?
  public var nodes_missing_value_tracks_true: [Int] = []
  public var nodes_modes: Tensor?
  public var nodes_splits: Tensor?
  public var nodes_trueleafs: [Int] = []
  public var nodes_truenodeids: [Int] = []
  public var post_transform = 0
  public var tree_roots: [Int] = []
  public init() {}
  public static var domain: String { "ai.onnx.ml" }
  public static var since: Int { 5 }
  public static var required: [String] {
    [
      "leaf_targetids", "leaf_weights", "nodes_falseleafs", "nodes_falsenodeids", "nodes_featureids", "nodes_modes",
      "nodes_splits", "nodes_trueleafs", "nodes_truenodeids", "tree_roots",
    ]
  }

  private static let aggregates: [TreeAggregate] = [.average, .sum, .least, .greatest]
  private static let transforms: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), [try FeatureRows.count(call), .fixed(n_targets)])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float64: try kernel(call, Double.self, .float64)
    case .float32, .float16: try kernel(call, Float.self, .float32)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  private func kernel<T: BinaryFloatingPoint & Sendable & BitwiseCopyable>(
    _ call: Call, _: T.Type, _ wanted: ElementType
  ) throws(GraphError) -> Kernel {
    let (count, features) = try FeatureRows.sizes(call)
    guard Self.aggregates.indices.contains(aggregate_function), Self.transforms.indices.contains(post_transform),
      n_targets >= 1
    else {
      throw GraphError(
        .attribute, "aggregate_function \(aggregate_function), post_transform \(post_transform), n_targets \(n_targets)"
      )
    }
    let rows = try FeatureRows(call.element(0), as: wanted, rows: count, features: features)
    let totals = try ForestTotals(
      Forest<T>(trees(), targetCount: n_targets, features: features), Self.aggregates[aggregate_function], base: [],
      features: features)
    let transform = Self.transforms[post_transform]
    let narrows = rows.access.element == .float16
    let sumByteCount = FeatureRows.blockSize * n_targets * MemoryLayout<T>.stride
    return Kernel(
      tasks: rows.blockCount, scratch: rows.scratchByteCount + sumByteCount + totals.scratchByteCount
    ) { frame, range in
      let spare = frame.scratch + rows.scratchByteCount
      for task in range where task < rows.blockCount {
        let block = rows.block(task)
        let features = rows.read(frame.operandBytes(0), block, frame.scratch)
        let sums = spare.assumingMemoryBound(to: T.self)
        totals.run(features.assumingMemoryBound(to: T.self), block.count, into: sums, spare + sumByteCount)
        for i in 0..<block.count { transform.apply(sums + i * n_targets, n_targets) }
        let start = block.lowerBound * n_targets
        if narrows {
          for i in 0..<(block.count * n_targets) {
            frame.result(0, as: Float16.self)[start + i] = Float16(Float(sums[i]))
          }
        } else {
          frame.result(0, as: T.self).advanced(by: start).update(from: sums, count: block.count * n_targets)
        }
      }
    }
  }

  private func trees() throws(GraphError) -> TreeNodes {
    let count = nodes_featureids.count
    let modes = nodes_modes?.integers ?? []
    let splits = nodes_splits?.doubles ?? []
    let weights = leaf_weights?.doubles ?? []
    guard
      [
        modes.count, splits.count, nodes_trueleafs.count, nodes_truenodeids.count, nodes_falseleafs.count,
        nodes_falsenodeids.count,
      ]
      .allSatisfy({ $0 == count }),
      nodes_missing_value_tracks_true.isEmpty || nodes_missing_value_tracks_true.count == count,
      weights.count == leaf_targetids.count
    else { throw GraphError(.attribute, "the attributes of nodes or leaves differ in length") }
    var members = (membership_values?.doubles ?? []).split(omittingEmptySubsequences: false) { $0.isNaN }[...]
    var trees = TreeNodes()
    for i in 0..<count {
      guard let comparison = UInt8(exactly: modes[i]).flatMap(TreeComparison.init) else {
        throw GraphError(.attribute, "mode \(modes[i]) of a node is unknown")
      }
      var node = TreeNodes.Node(
        comparison: comparison, feature: nodes_featureids[i], threshold: splits[i],
        whenTrue: nodes_trueleafs[i] != 0 ? .leaf(nodes_truenodeids[i]) : .node(nodes_truenodeids[i]),
        whenFalse: nodes_falseleafs[i] != 0 ? .leaf(nodes_falsenodeids[i]) : .node(nodes_falsenodeids[i]),
        missingIsTrue: !nodes_missing_value_tracks_true.isEmpty && nodes_missing_value_tracks_true[i] != 0)
      if comparison == .member, let set = members.popFirst() { node.members = Array(set) }
      trees.nodes.append(node)
    }
    trees.roots = tree_roots.map { .node($0) }
    trees.leaves = zip(leaf_targetids, weights).map { [TreeNodes.Vote(target: $0, weight: $1)] }
    return trees
  }
}
