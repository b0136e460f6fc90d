import HoneIR

/// Linear functions x·wᵀ + b, one for each target.
public struct LinearRegressor: RegressorOp {
  public var coefficients: [Float] = []
  public var intercepts: [Float] = []
  public var post_transform = PostTransform.none
  public var targets = 1
  public init() {}

  var targetCount: Int { targets }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    let linear = try LinearScores(coefficients, intercepts, count: targets, features: features)
    return RowModel(scoreCount: targets) { block in
      let rows = block.rows.assumingMemoryBound(to: Float.self)
      for i in 0..<block.count {
        let scores = block.scores + i * targets
        linear.run(rows + i * features, into: scores)
        post_transform.applyUnlessAlone(scores, targets)
      }
    }
  }
}
