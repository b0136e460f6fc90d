internal import HoneCodecs
public import HoneIR

/// Samples that are read when they are asked for: memory does not grow with their number.
///
/// `Dataset.open` makes one from a file or folder; samples come by index, in batches, or as a `subset`.
public struct Dataset: Sendable {
  /// What the inputs are, which decides about preprocessing.
  public enum Content: String, Sendable, Codable {
    /// uint8 or float [height, width, channels] or [height, width].
    case images
    /// Vectors of numbers, one per row of a table.
    case rows
    /// Windows of a table in time: float32 [time, columns].
    case series
    /// Tensors as the model takes them.
    case tensors
  }
  /// What the labels are.
  public enum Task: String, Sendable, Codable {
    case classification, regression, unlabelled
  }

  public let content: Content
  public let task: Task
  /// Names of the classes, by index; empty if labels are no classes.
  public let classes: [String]
  /// What was decided while opening and a user may want to know, for the log.
  public internal(set) var notes: [String]
  /// The split that was opened, if there are several.
  public internal(set) var split: Split?
  /// The inputs carry the names of model inputs. If not, the only input is called `input`.
  public internal(set) var hasInputNames: Bool
  /// The tensors have their batch axis already, and samples are not stacked: folders with one archive per run of the model.
  public let hasBatchAxis: Bool
  /// The sizes of a regression target, where they are more than a row of values; nil for one axis.
  public internal(set) var targetSizes: [Int]?
  /// Applied to every sample.
  public internal(set) var preprocessing: Preprocessing?

  private var source: any SampleSource
  private var indices: [Int]?
  private var binding: InputBinding?

  init(
    _ source: any SampleSource, content: Content, task: Task, classes: [String] = [], notes: [String] = [],
    split: Split? = nil,
    hasInputNames: Bool = false, hasBatchAxis: Bool = false
  ) {
    (self.source, self.content, self.task, self.classes, self.notes) = (source, content, task, classes, notes)
    (self.split, self.hasInputNames, self.hasBatchAxis) = (split, hasInputNames, hasBatchAxis)
  }

  /// A dataset of samples in memory.
  public init(_ samples: [Sample], content: Content = .tensors, classes: [String] = []) {
    let labels = samples.compactMap(\.label)
    let task: Task = labels.isEmpty ? .unlabelled : labels[0].classIndex == nil ? .regression : .classification
    self.init(SampleArray(samples: samples), content: content, task: task, classes: classes, hasInputNames: true)
  }

  /// The number of samples.
  public var count: Int { indices?.count ?? source.count }

  /// Sample `index`, preprocessed and named as bound.
  public func sample(at index: Int) throws(GraphError) -> Sample {
    var sample = try raw(at: index)
    guard let preprocessing else { return sample }
    for i in sample.inputs.indices {
      sample.inputs[i].tensor = try preprocessing.apply(sample.inputs[i].tensor, content)
    }
    return sample
  }

  /// Sample `index` named as bound, but as it was decoded.
  func raw(at index: Int) throws(GraphError) -> Sample {
    precondition(index >= 0 && index < count, "sample \(index) of \(count)")
    var sample = try source.sample(indices?[index] ?? index)
    if let binding { sample.inputs = try binding.apply(sample.inputs) }
    return sample
  }

  /// What sample `index` should give, without decoding the sample where the labels are known.
  public func label(at index: Int) throws(GraphError) -> Label? {
    precondition(index >= 0 && index < count, "sample \(index) of \(count)")
    return try source.label(indices?[index] ?? index)
  }
}

// MARK: Deriving
extension Dataset {
  /// The samples at `wanted`, in that order.
  func chosen(_ wanted: [Int]) -> Dataset {
    precondition(wanted.allSatisfy { $0 >= 0 && $0 < count }, "samples outside of \(count)")
    var copy = self
    copy.indices = indices.map { all in wanted.map { all[$0] } } ?? wanted
    return copy
  }

  /// The same dataset with its samples, as `raw` gives them, taken from `source`.
  func reading(from source: any SampleSource) -> Dataset {
    var copy = self
    (copy.source, copy.indices, copy.binding) = (source, nil, nil)
    return copy
  }

  /// `count` samples drawn without repetition, in their order; the same ones for the same `seed`. All if there are fewer.
  public func subset(count wanted: Int, seed: UInt64) -> Dataset {
    guard wanted < count else { return self }
    var generator = SeededGenerator(seed: seed)
    var drawn = Array(0..<count)
    for i in 0..<max(wanted, 0) { drawn.swapAt(i, Int.random(in: i..<count, using: &generator)) }
    let chosen = drawn.prefix(max(wanted, 0)).sorted()
    var subset = self
    subset.indices = indices.map { all in chosen.map { all[$0] } } ?? chosen
    return subset
  }

  /// The same samples in an order that depends on `seed` only.
  public func shuffled(seed: UInt64) -> Dataset {
    var generator = SeededGenerator(seed: seed)
    var copy = self
    copy.indices = (indices ?? Array(0..<count)).shuffled(using: &generator)
    return copy
  }

  /// The samples `range` in their order.
  public func slice(_ range: Range<Int>) -> Dataset {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "samples \(range) of \(count)")
    var copy = self
    copy.indices = indices.map { Array($0[range]) } ?? Array(range)
    return copy
  }

  /// The same samples with `preprocessing` applied to each. It replaces any that was set before.
  public func preprocessed(by preprocessing: Preprocessing?) -> Dataset {
    var copy = self
    copy.preprocessing = preprocessing
    return copy
  }

  /// The same samples with inputs named and ordered as the model's `names`.
  ///
  /// A dataset without input names serves a model with one input. Otherwise every name must be there; arrays `input_0`, `input_1`, …
  /// stand for the inputs in their order, and a single array for a single input. Other arrays are left out, with a note.
  public func bound(to names: [String]) throws(GraphError) -> Dataset {
    guard count > 0 else { return self }
    var unbound = self
    (unbound.binding, unbound.preprocessing) = (nil, nil)
    let present = try unbound.sample(at: 0).inputs.map(\.name)
    let binding = try InputBinding(from: present, to: names, hasInputNames: hasInputNames)
    var copy = self
    copy.binding = binding
    copy.hasInputNames = true
    let unused = present.filter { !binding.sources.contains($0) }
    if !unused.isEmpty {
      copy.notes.append("arrays that are no inputs of the model are left out: \(unused.joined(separator: ", "))")
    }
    return copy
  }
}
