public import Foundation
public import HoneIR

/// Writes what is measured into a folder: `training.jsonl`, and an event file for TensorBoard.
public final class TrainingLog: TrainingObserver {
  private let folder: URL
  private var lines: JSONLinesLog?
  private var events: TensorBoardLog?

  /// Nothing is written before training starts.
  public init(folder: URL) { self.folder = folder }

  public func observe(_ event: TrainingEvent) throws(GraphError) {
    switch event {
    case .started(let step, _, _):
      lines = try JSONLinesLog(folder.appendingPathComponent("training.jsonl"), startingAt: step)
      events = try TensorBoardLog(folder: folder, startingAt: step + 1)
    case .record(let record):
      try lines?.write(record)
      try events?.write(step: record.step, record.scalars)
    default: break
    }
  }
}
