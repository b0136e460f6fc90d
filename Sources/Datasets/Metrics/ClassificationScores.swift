/// How well classes were told. JSON keys are as in `CodingKeys`; what does not apply is left out.
public struct ClassificationScores: Sendable, Hashable, Codable {
  /// The number of samples.
  public var count: Int
  /// The share of samples whose class was given.
  public var accuracy: Double
  /// The share of samples whose class was among the five with the highest scores; for scores of at least 10 classes.
  public var top5Accuracy: Double?
  /// Means over the classes that occur, as a label or as an answer; a class without answers has precision 0.
  public var precisionMacro: Double
  public var recallMacro: Double
  public var f1Macro: Double
  /// The classes that occur, in order.
  public var perClass: [PerClass]
  /// Rows are labels, columns answers, both by class index; left out above `confusionLimit` classes. Samples without an answer
  /// are in no column.
  public var confusionMatrix: [[Int]]?
  /// Samples for which the model gave no class: scores that are all NaN.
  public var invalidCount: Int
  /// Scores that were asked for by name.
  public var metrics: [String: Double]?

  /// Larger confusion matrices are left out.
  public static let confusionLimit = 1000

  public struct PerClass: Sendable, Hashable, Codable {
    /// Its name, or its index if it has none.
    public var name: String
    public var index: Int
    public var precision: Double
    public var recall: Double
    public var f1: Double
    /// The number of samples with this label.
    public var support: Int

    private enum CodingKeys: String, CodingKey {
      case name = "class"
      case index, precision, recall, f1, support
    }
  }

  private enum CodingKeys: String, CodingKey {
    case count, accuracy, metrics
    case top5Accuracy = "top5_accuracy"
    case precisionMacro = "precision_macro"
    case recallMacro = "recall_macro"
    case f1Macro = "f1_macro"
    case perClass = "per_class"
    case confusionMatrix = "confusion_matrix"
    case invalidCount = "invalid_count"
  }
}

/// How often each class was answered for each label.
struct ConfusionCounts: Sendable {
  struct Pair: Hashable {
    var label: Int
    /// Nil if the model gave no class.
    var answer: Int?
  }
  private(set) var counts: [Pair: Int] = [:]

  mutating func add(label: Int, answer: Int?) { counts[Pair(label: label, answer: answer), default: 0] += 1 }

  /// All scores for `classCount` classes with the given names.
  func scores(names: [String], classCount: Int) -> ClassificationScores {
    var support: [Int: Int] = [:]
    var answers: [Int: Int] = [:]
    var right: [Int: Int] = [:]
    var invalid = 0
    for (pair, n) in counts {
      support[pair.label, default: 0] += n
      if let answer = pair.answer { answers[answer, default: 0] += n } else { invalid += n }
      if pair.answer == pair.label { right[pair.label, default: 0] += n }
    }
    let total = counts.values.reduce(0, +)
    let perClass = Set(support.keys).union(answers.keys).sorted().map { index in
      let (hits, labelled, answered) = (right[index] ?? 0, support[index] ?? 0, answers[index] ?? 0)
      return ClassificationScores.PerClass(
        name: index < names.count ? names[index] : "\(index)", index: index, precision: Self.share(hits, of: answered),
        recall: Self.share(hits, of: labelled), f1: Self.share(2 * hits, of: labelled + answered), support: labelled)
    }
    func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }
    return ClassificationScores(
      count: total, accuracy: Self.share(right.values.reduce(0, +), of: total),
      precisionMacro: mean(perClass.map(\.precision)),
      recallMacro: mean(perClass.map(\.recall)), f1Macro: mean(perClass.map(\.f1)), perClass: perClass,
      confusionMatrix: matrix(max(classCount, (perClass.last?.index ?? -1) + 1)), invalidCount: invalid)
  }

  private func matrix(_ size: Int) -> [[Int]]? {
    guard size <= ClassificationScores.confusionLimit else { return nil }
    var matrix = [[Int]](repeating: [Int](repeating: 0, count: size), count: size)
    for (pair, n) in counts { if let answer = pair.answer { matrix[pair.label][answer] = n } }
    return matrix
  }

  private static func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
