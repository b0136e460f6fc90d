public import Foundation
public import HoneIR

/// Where checkpoints are kept: `last.safetensors` to go on from, and `best.safetensors`, the one with the best score.
public struct CheckpointFolder: Sendable {
  public let url: URL

  /// The folder is made if it is not there.
  public init(_ url: URL) throws(GraphError) {
    self.url = url
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      throw GraphError(.file, "cannot be made: \(error.localizedDescription)").at(url.path)
    }
  }

  public var last: URL { url.appendingPathComponent("last.safetensors") }
  public var best: URL { url.appendingPathComponent("best.safetensors") }
  public var hasLast: Bool { FileManager.default.fileExists(atPath: last.path) }
  public var hasBest: Bool { FileManager.default.fileExists(atPath: best.path) }
}
