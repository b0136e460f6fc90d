import HoneIR
import HoneTraining
import Testing

struct CrossEntropyTests {
  private static let classes = [2, 0, 1, 2]
  private static let run = LossRun([4, 3], targets: [.integers(classes)])

  /// As PyTorch has it: smoothing over classes, the mean by the weights of the right ones.
  private func formula(
    _ scores: [Double], weights w: [Double] = [1, 1, 1], smoothing: Double = 0, samples: [Double] = [1, 1, 1, 1],
    ignored: Int? = nil
  ) -> Double {
    var (sum, total) = (0.0, 0.0)
    for (i, row) in rows(scores, 3).enumerated() where Self.classes[i] != ignored {
      let logarithms = logSoftmax(row)
      let right = Self.classes[i]
      let even = (0..<3).reduce(0) { $0 - w[$1] * logarithms[$1] } / 3
      sum += samples[i] * (-(1 - smoothing) * w[right] * logarithms[right] + smoothing * even)
      total += samples[i] * w[right]
    }
    return sum / total
  }

  @Test func plain() throws { try Self.run.check(CrossEntropy()) { formula($0) } }

  @Test func weightsAndIgnoredClass() throws {
    var loss = CrossEntropy()
    loss.classWeights = [1, 0.5, 3]
    try Self.run.check(loss) { formula($0, weights: [1, 0.5, 3]) }
    loss.ignoredClass = 0
    try Self.run.check(loss) { formula($0, weights: [1, 0.5, 3], ignored: 0) }
    loss.smoothing = 0.2
    try Self.run.check(loss) { formula($0, weights: [1, 0.5, 3], smoothing: 0.2, ignored: 0) }
  }

  @Test func smoothing() throws {
    var loss = CrossEntropy()
    loss.smoothing = 0.1
    try Self.run.check(loss) { formula($0, smoothing: 0.1) }
  }

  @Test func sampleWeights() throws {
    var run = Self.run
    run.sampleWeights = [1, 0, 2, 0.5]
    try run.check(CrossEntropy()) { formula($0, samples: [1, 0, 2, 0.5]) }
  }

  @Test func probabilities() throws {
    let q: [Float] = [0.2, 0.3, 0.5, 1, 0, 0, 0.1, 0.8, 0.1, 0, 0.5, 0.5]
    let run = LossRun([4, 3], targets: [Tensor(q, shape: [4, 3])])
    try run.check(CrossEntropy()) { scores in
      let logarithms = rows(scores, 3).flatMap(logSoftmax)
      return -zip(q, logarithms).reduce(0) { $0 + Double($1.0) * $1.1 } / 4
    }
  }

  @Test func classesOnTheLastAxis() throws {
    var loss = CrossEntropy()
    loss.axis = -1
    let run = LossRun([2, 2, 3], targets: [Tensor([2, 0, 1, 2] as [Int64], shape: [2, 2])])
    try run.check(loss) { formula($0) }
  }

  @Test func wrongShapesAreRefused() throws {
    let run = LossRun([4, 3], targets: [.integers([0, 1])])
    #expect(throws: GraphError.self) { try run.run(CrossEntropy()) }
    var loss = CrossEntropy()
    loss.classWeights = [1]
    #expect(throws: GraphError.self) { try Self.run.run(loss) }
  }
}
