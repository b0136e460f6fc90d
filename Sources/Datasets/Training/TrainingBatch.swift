public import HoneIR

/// What one step of training takes. All batches of a `TrainingBatches` have the same types.
public struct TrainingBatch: Sendable {
  /// Inputs of the model, with the batch axis.
  public var inputs: [NamedTensor]
  /// See `TargetForm`.
  public var targets: Tensor
  /// The samples by their index in the dataset.
  public var indices: [Int]
  /// The epoch and the step that this batch is for.
  public var position: BatchSampler.Position

  public var epoch: Int { position.epoch }
  public var step: Int { position.step }
  public var count: Int { indices.count }
  public subscript(name: String) -> Tensor? { inputs.first { $0.name == name }?.tensor }
}
