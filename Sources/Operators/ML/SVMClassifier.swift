import HoneIR

/// Classification by support vectors: pairs of classes vote, or linear functions compete; probabilities by Platt's method.
public struct SVMClassifier: ClassifierOp {
  public var classlabels_ints: [Int] = []
  public var classlabels_strings: [String] = []
  public var coefficients: [Float] = []
  public var kernel_params: [Float] = []
  public var kernel_type = VectorKernel.linear
  public var post_transform = PostTransform.none
  public var prob_a: [Float] = []
  public var prob_b: [Float] = []
  public var rho: [Float] = []
  public var support_vectors: [Float] = []
  public var vectors_per_class: [Int] = []
  public init() {}

  var labels: ClassLabels { ClassLabels(classlabels_ints, classlabels_strings) }
  private var classCount: Int { max(labels.count, 1) }
  private var votes: Bool { vectors_per_class.reduce(0, +) > 0 }
  private var hasProbabilities: Bool { votes && !prob_a.isEmpty }
  private var pairCount: Int { classCount * (classCount - 1) / 2 }

  /// Scores before a lone one is turned into two.
  private var rawCount: Int { !votes || hasProbabilities ? classCount : pairCount }
  var scoreCount: Int { rawCount == 1 && rho.count == 1 && labels.count == 2 ? 2 : rawCount }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    guard !rho.isEmpty, vectors_per_class.allSatisfy({ $0 >= 0 }) else {
      throw GraphError(.attribute, "‘rho’ or ‘vectors_per_class’ do not fit")
    }
    return votes ? try votingModel(features) : try linearModel(features)
  }

  private func linearModel(_ features: Int) throws(GraphError) -> RowModel {
    let linear = try LinearScores(
      coefficients, [Float](repeating: rho[0], count: classCount), count: classCount, features: features)
    let (rawCount, scoreCount) = (rawCount, scoreCount)
    return RowModel(scoreCount: scoreCount) { block in
      let rows = block.rows.assumingMemoryBound(to: Float.self)
      for i in 0..<block.count {
        let scores = block.scores + i * scoreCount
        linear.run(rows + i * features, into: scores)
        let best = indexOfLargest(scores, rawCount)
        block.classes[i] = choose(best, weight: scores[best])
        finish(scores)
      }
    }
  }

  private func votingModel(_ features: Int) throws(GraphError) -> RowModel {
    let vectorCount = vectors_per_class.reduce(0, +)
    let pairs = pairCount
    guard vectors_per_class.count == classCount, rho.count >= pairs,
      coefficients.count == (classCount - 1) * vectorCount,
      prob_a.count == prob_b.count, !hasProbabilities || prob_a.count >= pairs
    else { throw GraphError(.attribute, "the attributes do not describe \(classCount) classes") }
    let vectors = try SupportVectors(
      kernel_type, kernel_params, support_vectors, count: vectorCount, features: features)
    let (classCount, scoreCount) = (classCount, scoreCount)
    let floats = vectorCount + pairs + classCount
    return RowModel(scoreCount: scoreCount, scratchByteCount: (floats + 1) * 4 + (classCount + 2) * classCount * 8) {
      block in
      let rows = block.rows.assumingMemoryBound(to: Float.self)
      let likeness = block.scratch.assumingMemoryBound(to: Float.self)
      let (margins, votes) = (likeness + vectorCount, likeness + vectorCount + pairs)
      let matrix = (block.scratch + (floats + 1) / 2 * 8).assumingMemoryBound(to: Double.self)
      for i in 0..<block.count {
        let scores = block.scores + i * scoreCount
        vectors.compare(rows + i * features, into: likeness)
        vote(likeness, vectorCount, margins, votes)
        if hasProbabilities {
          PairwiseProbabilities(count: classCount, prob_a, prob_b).write(margins, scores, matrix)
        } else {
          for pair in 0..<pairs { scores[pair] = margins[pair] }
        }
        let best = indexOfLargest(votes, classCount)
        block.classes[i] = choose(best, weight: votes[best])
        finish(scores)
      }
    }
  }

  /// Decides between each pair of classes.
  private func vote(
    _ likeness: UnsafePointer<Float>, _ vectorCount: Int, _ margins: UnsafeMutablePointer<Float>,
    _ votes: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<classCount { votes[i] = 0 }
    coefficients.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return }
      var (pair, first) = (0, 0)
      for i in 0..<classCount {
        var second = first + vectors_per_class[i]
        for j in (i + 1)..<max(classCount, i + 1) {
          let a = dot(base + (j - 1) * vectorCount + first, likeness + first, vectors_per_class[i])
          let b = dot(base + i * vectorCount + second, likeness + second, vectors_per_class[j])
          margins[pair] = a + b + rho[pair]
          votes[margins[pair] > 0 ? i : j] += 1
          second += vectors_per_class[j]
          pair += 1
        }
        first += vectors_per_class[i]
      }
    }
  }

  /// The index of the class; a lone function's value decides if there are no two labels.
  private func choose(_ best: Int, weight: Float) -> Int {
    rho.count == 1 && labels.count != 2 ? (weight > 0 ? 1 : 0) : best
  }

  private func finish(_ scores: UnsafeMutablePointer<Float>) {
    guard rawCount == 1 else { return post_transform.apply(scores, rawCount) }
    if post_transform == .probit { post_transform.apply(scores, 1) }
    guard scoreCount == 2 else { return }
    let takesSoftmax = post_transform == .softmax || post_transform == .softmaxZero
    (scores[0], scores[1]) = (takesSoftmax ? 1 - scores[0] : -scores[0], scores[0])
    if post_transform == .logistic { post_transform.apply(scores, 2) }
  }
}
