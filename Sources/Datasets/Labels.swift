internal import HoneIR

/// Labels as they were found, brought to class indices or targets.
struct Labels: Sendable {
  /// Class indices from here on are taken for damage.
  static let classLimit = 1 << 20
  /// Whole numbers with more different values are taken for regression targets.
  static let wholeClassLimit = 1000

  var labels: [Label]
  var classes: [String]
  var task: Dataset.Task
  var notes: [String] = []

  /// Classes from words: sorted, or as `known` lists them.
  init(words: [String], known: [String]?) throws(GraphError) {
    classes = known ?? Array(Set(words)).sorted()
    task = .classification
    guard classes.count <= Self.classLimit else { throw GraphError(.input, "has \(classes.count) different labels") }
    let indices = Dictionary(zip(classes, classes.indices), uniquingKeysWith: { first, _ in first })
    labels = []
    labels.reserveCapacity(words.count)
    for word in words {
      guard let index = indices[word] else {
        throw GraphError(
          .input, "has the label ‘\(word)’; the classes are \(classes.prefix(20).joined(separator: ", "))")
      }
      labels.append(.classIndex(index))
    }
  }

  /// Classes from whole numbers: these are the indices if they start at 0, otherwise the sorted different numbers are counted.
  init(integers: [Int], known: [String]?, areIndices: Bool) throws(GraphError) {
    let (low, high) = (integers.min() ?? 0, integers.max() ?? 0)
    let names = known.map(Set.init)
    if let names, integers.allSatisfy({ names.contains("\($0)") }) {
      self = try Labels(words: integers.map(String.init), known: known)
    } else if low >= 0 && (low == 0 || areIndices || known != nil) {
      guard high < Self.classLimit else { throw GraphError(.input, "has the label \(high), which is no class index") }
      if let known, high >= known.count {
        throw GraphError(.input, "has the label \(high), but only \(known.count) classes are named")
      }
      self.init(
        labels: integers.map(Label.classIndex), classes: known ?? (0...high).map(String.init), task: .classification)
    } else {
      let different = Array(Set(integers)).sorted()
      guard different.count < Self.classLimit else {
        throw GraphError(.input, "has \(different.count) different labels")
      }
      let indices = Dictionary(uniqueKeysWithValues: zip(different, different.indices))
      self.init(
        labels: integers.map { .classIndex(indices[$0]!) }, classes: different.map(String.init), task: .classification)
      let shown = different.prefix(10).map(String.init).joined(separator: ", ")
      notes.append(
        "the labels \(shown)\(different.count > 10 ? ", …" : "") are taken as classes 0 to \(different.count - 1)")
    }
  }

  init(targets: [[Float]]) {
    self.init(labels: targets.map(Label.values), classes: [], task: .regression)
  }

  private init(labels: [Label], classes: [String], task: Dataset.Task) {
    (self.labels, self.classes, self.task) = (labels, classes, task)
  }

  /// Labels from an array whose first axis counts samples.
  init(_ tensor: Tensor, task: Dataset.Task?, known: [String]?) throws(GraphError) {
    let count = tensor.sizes.first ?? 0
    let width = count == 0 ? 1 : tensor.elementCount / count
    if tensor.element == .string {
      guard width == 1 else {
        throw GraphError(.input, "labels are \(tensor.type); one word for each sample is expected")
      }
      self = try Labels(words: tensor.strings, known: known)
    } else if width == 1 {
      let isWhole = !tensor.element.isFloatingPoint && !tensor.element.isComplex
      let wantsClasses = task.map { $0 == .classification } ?? isWhole
      self =
        wantsClasses
        ? try Labels(integers: tensor.integers, known: known, areIndices: true)
        : Labels(targets: tensor.floats.map { [$0] })
    } else if task == .classification {
      let values = tensor.floats
      let indices = (0..<count).map { row in
        (0..<width).max { (values[row * width + $0], -$0) < (values[row * width + $1], -$1) }!
      }
      self = try Labels(integers: indices, known: known ?? (0..<width).map(String.init), areIndices: true)
    } else {
      let values = tensor.floats
      self = Labels(targets: (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) })
    }
  }
}
