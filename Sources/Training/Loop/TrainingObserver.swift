public import Foundation
public import HoneIR

/// What happens while a model is trained.
public enum TrainingEvent: Sendable {
  /// Training begins after `step` steps of `total`; not 0 where a checkpoint goes on.
  case started(step: Int, total: Int, samplesPerStep: Int)
  /// A step is done.
  case step(Int, loss: Double, rate: Double)
  /// Numbers for the logs, every so many steps and after each evaluation.
  case record(TrainingRecord)
  /// The data held back was run; `isBest` says that no score was better so far.
  case evaluated(step: Int, ValidationScores, isBest: Bool)
  /// A checkpoint is on the disk.
  case saved(URL, step: Int)
  /// Something a user may want to know.
  case note(String)
}

/// Is told what happens, on the thread that trains.
public protocol TrainingObserver: AnyObject {
  func observe(_ event: TrainingEvent) throws(GraphError)
}
