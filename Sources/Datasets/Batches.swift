internal import HoneCodecs
public import HoneIR

extension Dataset {
  /// All samples, `size` at a time, in order.
  public func batches(of size: Int) -> Batches { Batches(self, size: size) }
}

/// The batches of a dataset, one after the other.
///
/// A batch holds samples of equal types: where the type changes, a batch is cut short. The last may be smaller.
///
///     var batches = dataset.batches(of: 32)
///     while let batch = try batches.next() { … }
public struct Batches: Sendable {
  private let dataset: Dataset
  private let size: Int
  private var waiting: Sample?
  /// The number of samples that were handed out.
  public private(set) var position = 0

  init(_ dataset: Dataset, size: Int) {
    precondition(size > 0, "a batch has at least one sample")
    (self.dataset, self.size) = (dataset, dataset.hasBatchAxis ? 1 : size)
  }

  /// The next batch, or nil after the last.
  public mutating func next() throws(GraphError) -> Batch? {
    var samples: [Sample] = []
    while samples.count < size, let sample = try nextSample() {
      guard samples.isEmpty || samples[0].fits(sample) else {
        waiting = sample
        break
      }
      samples.append(sample)
    }
    guard let first = samples.first else { return nil }
    position += samples.count
    let labels = samples.map(\.label)
    if dataset.hasBatchAxis { return Batch(inputs: first.inputs, labels: labels) }
    let inputs = first.inputs.indices.map { i in
      NamedTensor(first.inputs[i].name, .stacked(samples.map { $0.inputs[i].tensor }))
    }
    return Batch(inputs: inputs, labels: labels)
  }

  private mutating func nextSample() throws(GraphError) -> Sample? {
    if let sample = waiting {
      waiting = nil
      return sample
    }
    return cursor < dataset.count ? try fetch() : nil
  }

  private var cursor = 0
  private mutating func fetch() throws(GraphError) -> Sample {
    defer { cursor += 1 }
    return try dataset.sample(at: cursor)
  }
}

extension Sample {
  /// Both can lie in one batch.
  func fits(_ other: Sample) -> Bool {
    inputs.count == other.inputs.count
      && zip(inputs, other.inputs).allSatisfy { $0.name == $1.name && $0.tensor.type == $1.tensor.type }
  }
}
