/// What was measured after a step.
public struct TrainingRecord: Sendable, Codable, Hashable {
  /// Steps done, from 1.
  public var step: Int
  /// Epochs done, with the share of the one that is running.
  public var epoch: Double
  /// The mean loss of the steps since the record before.
  public var loss: Double?
  /// The learning rate of the step.
  public var rate: Double?
  /// Samples trained on in a second since the record before; evaluations are not counted.
  public var samplesPerSecond: Double?
  /// Scores on data held back, by name.
  public var validation: [String: Double]?

  private enum CodingKeys: String, CodingKey {
    case step, epoch, loss, rate
    case samplesPerSecond = "samples_per_second"
    case validation
  }

  /// All numbers by the names under which logs show them.
  public var scalars: [String: Double] {
    var scalars: [String: Double] = ["epoch": epoch]
    scalars["loss/train"] = loss
    scalars["rate"] = rate
    scalars["samples_per_second"] = samplesPerSecond
    for (name, value) in validation ?? [:] { scalars["\(name)/validation"] = value }
    return scalars
  }
}
