/// How long a model is trained, and what is looked at on the way.
public struct TrainerOptions: Sendable, Hashable, Codable {
  /// Passes over the data.
  public var epochs = 10
  /// Steps in all, instead of epochs.
  public var steps: Int?
  /// The data held back is run, and the weights judged, after every so many steps; nil: after each epoch.
  public var evaluationInterval: Int?
  /// A checkpoint is written after every so many steps; nil: after each epoch. There is always one at the end.
  public var checkpointInterval: Int?
  /// Numbers for logs are taken after every so many steps.
  public var recordInterval = 50
  /// What decides which weights are the best; nil: accuracy for classes, else the loss.
  public var metric: TrainingMetric?
  /// Training stops after this many evaluations in a row without a better score.
  public var patience: Int?
  /// What a score must be better by to count.
  public var margin = 0.0
  /// The result is the model with the best score; otherwise that of the last step.
  public var keepsBest = true
  /// The order of samples, augmentation and dropout follow from it.
  public var seed: UInt64 = 0
  /// The result does not depend on it.
  public var threads = 1

  public init() {}
}
