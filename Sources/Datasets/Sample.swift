public import HoneIR

/// What a sample should give.
public enum Label: Sendable, Hashable {
  /// The index of a class.
  case classIndex(Int)
  /// The values of a regression target.
  case values([Float])

  public var classIndex: Int? { if case .classIndex(let index) = self { index } else { nil } }
  public var values: [Float]? { if case .values(let values) = self { values } else { nil } }
}

/// A tensor and the model input it is meant for.
public struct NamedTensor: Sendable, Hashable {
  public var name: String
  public var tensor: Tensor
  public init(_ name: String, _ tensor: Tensor) { (self.name, self.tensor) = (name, tensor) }
}

/// One example: tensors without a batch axis (unless the dataset says otherwise) and what is expected of them.
public struct Sample: Sendable, Hashable {
  public var inputs: [NamedTensor]
  public var label: Label?
  public init(_ inputs: [NamedTensor], label: Label? = nil) { (self.inputs, self.label) = (inputs, label) }

  public subscript(name: String) -> Tensor? { inputs.first { $0.name == name }?.tensor }
}

/// Samples of equal types, stacked along a new first axis.
public struct Batch: Sendable {
  public var inputs: [NamedTensor]
  /// One per sample; nil where a sample has none.
  public var labels: [Label?]
  /// The number of samples.
  public var count: Int { labels.count }

  public subscript(name: String) -> Tensor? { inputs.first { $0.name == name }?.tensor }
}

/// Samples that can be fetched by their index, any number of times and from several threads.
protocol SampleSource: Sendable {
  var count: Int { get }
  func sample(_ index: Int) throws(GraphError) -> Sample
  /// The label of `sample(index)`.
  func label(_ index: Int) throws(GraphError) -> Label?
}
extension SampleSource {
  func label(_ index: Int) throws(GraphError) -> Label? { try sample(index).label }
}

/// Samples in memory.
struct SampleArray: SampleSource {
  let samples: [Sample]
  var count: Int { samples.count }
  func sample(_ index: Int) -> Sample { samples[index] }
  func label(_ index: Int) -> Label? { samples[index].label }
}
