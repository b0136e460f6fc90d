/// What one class is told apart by: its probability for all samples, of which some are its own. Memory grows with the number of
/// samples, as ranks need all of them.
struct RankedScores: Sendable {
  private var values: [Float] = []
  private var isOwn: [Bool] = []

  mutating func add(_ value: Double, isOwn own: Bool) {
    values.append(Float(value))
    isOwn.append(own)
  }

  /// Own and other samples at every different value, from the highest value down. NaN is lowest.
  func steps() -> [(own: Int, others: Int)] {
    let keys = values.map { $0.isNaN ? -Float.infinity : $0 }
    let order = keys.indices.sorted { keys[$0] > keys[$1] }
    var steps: [(own: Int, others: Int)] = []
    var last: Float?
    for index in order {
      if keys[index] != last { steps.append((0, 0)) }
      last = keys[index]
      if isOwn[index] { steps[steps.count - 1].own += 1 } else { steps[steps.count - 1].others += 1 }
    }
    return steps
  }

  /// The scores of the classes that tell two classes apart, that of the second; of more, each against the rest.
  static func add(_ probabilities: [Double], label: Int, to classes: inout [RankedScores]) {
    if probabilities.count == 2 {
      if classes.isEmpty { classes.append(RankedScores()) }
      classes[0].add(probabilities[1], isOwn: label == 1)
      return
    }
    while classes.count < probabilities.count { classes.append(RankedScores()) }
    for (index, value) in probabilities.enumerated() { classes[index].add(value, isOwn: index == label) }
  }

  static func mean(_ classes: [RankedScores], _ score: (RankedScores) -> Double?) -> Double? {
    let scores = classes.compactMap(score)
    return scores.isEmpty ? nil : scores.reduce(0, +) / Double(scores.count)
  }
}
