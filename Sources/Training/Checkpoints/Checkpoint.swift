public import Foundation
public import HoneIR

/// A moment of training, whole: training that goes on from it ends with the same bits as training that was never interrupted.
///
/// A file of it is a safetensors file: its tensors are all states by name (weights, optimizer moments, statistics, counters);
/// its metadata has `format` = `hone-checkpoint`, `progress` and `recipe`, both JSON.
public struct Checkpoint: Sendable {
  public var states: [String: Tensor]
  public var progress: TrainingProgress
  /// How the training was set up, as JSON with sorted keys; what goes on must be set up alike.
  public var recipe: String

  static let format = "hone-checkpoint"

  public init(states: [String: Tensor], progress: TrainingProgress, recipe: String = "{}") {
    (self.states, self.progress, self.recipe) = (states, progress, recipe)
  }

  /// Reads a checkpoint; nothing in the file is trusted.
  public init(contentsOf url: URL) throws(GraphError) {
    let file = try Safetensors(contentsOf: url)
    guard file.metadata["format"] == Self.format, let text = file.metadata["progress"] else {
      throw GraphError(.file, "is no checkpoint of Hone: it has weights only, which --weights takes").at(url.path)
    }
    states = file.tensors
    recipe = file.metadata["recipe"] ?? "{}"
    do { progress = try JSONLinesLog.decoder.decode(TrainingProgress.self, from: Data(text.utf8)) } catch {
      throw GraphError(.file, "its progress is damaged, or was written by another version: \(error)").at(url.path)
    }
    guard progress.step >= 0, progress.stepsPerEpoch > 0 else {
      throw GraphError(.file, "its progress is damaged: step \(progress.step)").at(url.path)
    }
  }

  /// Writes the checkpoint; at any moment the old file or the new one is there, whole.
  public func write(to url: URL) throws(GraphError) {
    let text: String
    do { text = String(decoding: try JSONLinesLog.encoder.encode(progress), as: UTF8.self) } catch {
      throw GraphError(.invariant, "progress cannot be written: \(error)")
    }
    try Safetensors(states, metadata: ["format": Self.format, "progress": text, "recipe": recipe]).write(to: url)
  }
}
