public import HoneIR

/// The class whose linear function x·wᵀ + b is largest; with one function, its sign decides between two classes.
public struct LinearClassifier: ClassifierOp, RequiringOp {
  public var classlabels_ints: [Int] = []
  public var classlabels_strings: [String] = []
  public var coefficients: [Float] = []
  public var intercepts: [Float] = []
  public var multi_class = 0
  public var post_transform = PostTransform.none
  public init() {}
  public static var required: [String] { ["coefficients"] }

  var labels: ClassLabels { ClassLabels(classlabels_ints, classlabels_strings) }
  private var functionCount: Int {
    intercepts.isEmpty ? (labels.count == 2 ? 1 : max(labels.count, 1)) : intercepts.count
  }
  private var isBinary: Bool { functionCount == 1 && labels.count == 2 }
  var scoreCount: Int { isBinary ? 2 : functionCount }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    let functions = intercepts.isEmpty && features > 0 ? max(coefficients.count / features, 1) : functionCount
    guard functions == functionCount || functions == scoreCount else {
      throw GraphError(
        .attribute, "\(coefficients.count) coefficients for \(functionCount) functions of \(features) features")
    }
    let linear = try LinearScores(coefficients, intercepts, count: functions, features: features)
    let (scoreCount, isBinary) = (scoreCount, functions == 1)
    return RowModel(scoreCount: scoreCount) { block in
      let rows = block.rows.assumingMemoryBound(to: Float.self)
      for i in 0..<block.count {
        let scores = block.scores + i * scoreCount
        linear.run(rows + i * features, into: scores)
        block.classes[i] = isBinary ? (scores[0] > 0 ? 1 : 0) : indexOfLargest(scores, scoreCount)
        if isBinary { writeBinary(scores, scoreCount) } else { post_transform.apply(scores, scoreCount) }
      }
    }
  }

  private func writeBinary(_ scores: UnsafeMutablePointer<Float>, _ scoreCount: Int) {
    if post_transform == .logistic || post_transform == .probit { post_transform.apply(scores, 1) }
    guard scoreCount == 2 else { return }
    scores[1] = scores[0]
    scores[0] = 1 - scores[1]
  }
}

/// The first index of the largest score.
func indexOfLargest<T: BinaryFloatingPoint>(_ scores: UnsafePointer<T>, _ count: Int) -> Int {
  var best = 0
  for i in 0..<count where scores[i] > scores[best] { best = i }
  return best
}
