public import HoneIR

/// What training came to.
public struct TrainingResult: Sendable {
  /// Why training ended.
  public enum Ending: String, Sendable, Codable {
    /// All steps were done.
    case completed
    /// The score got no better for too long.
    case stoppedEarly = "stopped early"
    /// It was asked to; the last checkpoint holds where it was.
    case interrupted
  }
  /// The model as it came, with the weights that were chosen.
  public var model: Graph
  public var ending: Ending
  /// Steps done, scores and records.
  public var progress: TrainingProgress
  /// The step whose weights `model` has.
  public var step: Int
}
