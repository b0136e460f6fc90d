/// How far training has come: all that a checkpoint holds beside tensors. The sampler's place follows from `step`.
public struct TrainingProgress: Sendable, Codable, Hashable {
  /// Steps done.
  public var step = 0
  /// Steps that an epoch has; data of another size or another batch cannot go on.
  public var stepsPerEpoch: Int
  /// The seed of the order of samples, of augmentation and of dropout.
  public var seed: UInt64
  /// The best score so far, and how long it stands.
  public var stopping: EarlyStopping
  /// The sum of the losses since the last evaluation, and their number.
  public var evaluationLoss = LossSum()
  /// The same since the last record.
  public var recordLoss = LossSum()
  /// What a plateau of the score brought the learning rate down to, as a factor.
  public var plateauFactor = 1.0
  /// The records so far.
  public var history: [TrainingRecord] = []

  public init(stepsPerEpoch: Int, seed: UInt64, stopping: EarlyStopping) {
    (self.stepsPerEpoch, self.seed, self.stopping) = (stepsPerEpoch, seed, stopping)
  }

  /// Epochs done, with the share of the one that is running.
  public var epoch: Double { Double(step) / Double(max(stepsPerEpoch, 1)) }

  /// Losses summed up.
  public struct LossSum: Sendable, Codable, Hashable {
    public var sum = 0.0
    public var count = 0
    public init() {}
    public mutating func add(_ loss: Double) { (sum, count) = (sum + loss, count + 1) }
    public var mean: Double? { count > 0 ? sum / Double(count) : nil }
  }
}
