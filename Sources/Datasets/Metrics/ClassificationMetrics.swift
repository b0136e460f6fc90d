public import HoneIR

/// Counts right and wrong classes, batch by batch; memory does not grow with the number of samples.
///
/// A model's output may be
/// - scores, logits or probabilities, float [N, C] (further axes of size 1 are ignored): the class with the highest score is the answer;
/// - one score of the second of two classes, float [N] or [N, 1]: compared with 0.5 if all scores lie in 0…1, else with 0;
/// - integers [N] or [N, 1]: class names if the classes are named by numbers, else class indices;
/// - strings [N] or [N, 1]: class names;
/// - a sequence of maps from classes to scores, as ZipMap gives.
public struct ClassificationMetrics: Sendable {
  /// The names of the classes by index; a model's answers that are new are added.
  public private(set) var classes: [String]
  private var indices: [String: Int]
  private var counts = ConfusionCounts()
  /// For single scores: answers if the threshold is 0.
  private var aroundZero = ConfusionCounts()
  private var hasSingleScores = false
  private var areProbabilities = true
  private var scoreCount = 0
  private var top5Hits = 0
  private var total = 0

  /// `classes` are the names by index, as the dataset has them.
  public init(classes: [String] = []) {
    self.classes = classes
    indices = Dictionary(zip(classes, classes.indices), uniquingKeysWith: { first, _ in first })
  }

  /// The scores of everything that was added.
  public var scores: ClassificationScores {
    let chosen = hasSingleScores && !areProbabilities ? aroundZero : counts
    var scores = chosen.scores(names: classes, classCount: max(classes.count, scoreCount))
    if scoreCount >= 10 && total > 0 { scores.top5Accuracy = Double(top5Hits) / Double(total) }
    return scores
  }

  /// The output that tells classes best: scores of classes, then maps, then single answers. Nil if none does.
  public static func preferredOutput(_ outputs: [ValueType]) -> Int? {
    func rank(_ type: ValueType) -> Int? {
      switch type {
      case .sequence(.map): return 1
      case .tensor(let type):
        if type.element.isFloatingPoint { return type.rank == 1 ? 3 : 0 }
        return type.element.isInteger || type.element == .string || type.element == .bool ? 2 : nil
      default: return nil
      }
    }
    let ranked = outputs.indices.compactMap { index in rank(outputs[index]).map { (index: index, rank: $0) } }
    return ranked.min { ($0.rank, $0.index) < ($1.rank, $1.index) }?.index
  }
}

// MARK: Adding
extension ClassificationMetrics {
  /// Adds a batch: the model's output and the class of each sample.
  public mutating func add(_ output: RuntimeValue, labels: [Int]) throws(GraphError) {
    switch output {
    case .tensor(let tensor): try add(tensor, labels: labels)
    case .sequence(let items, of: .map(let key, _)):
      try expect(items.count, labels.count)
      for (item, label) in zip(items, labels) {
        guard case .map(let map, _, _) = item else {
          throw GraphError(.input, "the output is a sequence of \(key.rawValue) maps and others")
        }
        try record(label, answer: best(of: map))
      }
    default: throw GraphError(.input, "classes cannot be read from an output of type \(output.type)")
    }
  }

  /// Adds a batch: the model's output and the class of each sample.
  public mutating func add(_ output: Tensor, labels: [Int]) throws(GraphError) {
    let sizes = output.sizes
    let count = sizes.first ?? 1
    let width = count == 0 ? 0 : output.elementCount / count
    try expect(count, labels.count)
    guard count > 0 else { return }
    guard sizes.dropFirst(2).allSatisfy({ $0 == 1 }), width > 0 else {
      throw GraphError(
        .input,
        "classes cannot be read from \(output.type); scores [samples, classes] or one answer for each sample are expected"
      )
    }
    if output.element.isFloatingPoint {
      try width == 1 ? addSingle(output.floats, labels) : addScores(output.floats, width, labels)
    } else if width == 1 && output.element == .string {
      for (name, label) in zip(output.strings, labels) { try record(label, answer: index(of: name)) }
    } else if width == 1 && !output.element.isComplex {
      for (value, label) in zip(output.integers, labels) { try record(label, answer: index(of: value)) }
    } else if output.element.isInteger {
      try addScores(output.floats, width, labels)
    } else {
      throw GraphError(.input, "classes cannot be read from \(output.type)")
    }
  }

  private func expect(_ count: Int, _ labels: Int) throws(GraphError) {
    guard count == labels else {
      throw GraphError(.input, "the output is for \(count) samples, the batch has \(labels)")
    }
  }

  private mutating func record(_ label: Int, answer: Int?) throws(GraphError) {
    guard label >= 0 else { throw GraphError(.input, "the label \(label) is no class index") }
    counts.add(label: label, answer: answer)
    total += 1
  }

  private mutating func addScores(_ values: [Float], _ width: Int, _ labels: [Int]) throws(GraphError) {
    scoreCount = max(scoreCount, width)
    for (row, label) in labels.enumerated() {
      guard label < width else {
        throw GraphError(.input, "a sample is of class \(label), the model scores \(width) classes, 0 to \(width - 1)")
      }
      let scores = values[row * width..<(row + 1) * width]
      let best = scores.indices.filter { !scores[$0].isNaN }.max {
        scores[$0] < scores[$1] || scores[$0] == scores[$1] && $0 > $1
      }
      try record(label, answer: best.map { $0 - scores.startIndex })
      let own = scores[scores.startIndex + label]
      let ahead = scores.indices.count { scores[$0] > own || scores[$0] == own && $0 < scores.startIndex + label }
      if !own.isNaN && ahead < 5 { top5Hits += 1 }
    }
  }

  private mutating func addSingle(_ scores: [Float], _ labels: [Int]) throws(GraphError) {
    hasSingleScores = true
    for (score, label) in zip(scores, labels) {
      guard label < 2 else {
        throw GraphError(.input, "a sample is of class \(label), the model gives one score, for two classes")
      }
      if !score.isNaN && !(0...1).contains(score) { areProbabilities = false }
      try record(label, answer: score.isNaN ? nil : score > 0.5 ? 1 : 0)
      aroundZero.add(label: label, answer: score.isNaN ? nil : score > 0 ? 1 : 0)
    }
  }

  private mutating func best(of map: [RuntimeValue.MapKey: RuntimeValue]) throws(GraphError) -> Int? {
    var best: (key: RuntimeValue.MapKey, score: Double)?
    for (key, value) in map.sorted(by: { $0.key < $1.key }) {
      guard let tensor = value.tensor, tensor.elementCount == 1 else {
        throw GraphError(.input, "a map of scores holds \(value.type)")
      }
      let score = tensor.double(at: 0)
      if !score.isNaN && score > best?.score ?? -.infinity { best = (key, score) }
    }
    switch best?.key {
    case .integer(let value): return try index(of: value)
    case .string(let name): return try index(of: name)
    case nil: return nil
    }
  }

  /// The class that an integer names, or is the index of.
  private mutating func index(of value: Int) throws(GraphError) -> Int {
    if let index = indices["\(value)"] { return index }
    if value >= 0 && value < classes.count && !classes.allSatisfy({ Int($0) != nil }) { return value }
    if classes.isEmpty && value >= 0 && value < Labels.classLimit { return value }
    return try index(of: "\(value)")
  }

  /// The class of this name; a new one if no sample has it.
  private mutating func index(of name: String) throws(GraphError) -> Int {
    if let index = indices[name] { return index }
    guard classes.count < Labels.classLimit, !classes.isEmpty else {
      throw GraphError(.input, "the model answers ‘\(name)’, but the data names no classes")
    }
    indices[name] = classes.count
    classes.append(name)
    return classes.count - 1
  }
}
