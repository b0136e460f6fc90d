public import Foundation
public import HoneIR

/// Writes numbers where TensorBoard reads them: a new `events.out.tfevents.…` file in a folder.
public final class TensorBoardLog {
  /// The file that is written.
  public let url: URL
  private let handle: FileHandle

  /// Starts a file in `folder`, which is made if it is not there. A run that goes on at `step` hides what an interrupted one
  /// wrote for that step and later ones.
  public init(folder: URL, startingAt step: Int = 0) throws(GraphError) {
    let now = Date().timeIntervalSince1970
    let host = ProcessInfo.processInfo.hostName
    url = folder.appendingPathComponent(
      "events.out.tfevents.\(Int(now * 1000)).\(host).\(ProcessInfo.processInfo.processIdentifier)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      guard FileManager.default.createFile(atPath: url.path, contents: nil),
        let handle = FileHandle(forWritingAtPath: url.path)
      else { throw CocoaError(.fileWriteUnknown) }
      self.handle = handle
    } catch { throw GraphError(.file, "cannot be written: \(error.localizedDescription)").at(url.path) }
    try write(EventMessage(wallTime: now, content: .fileVersion))
    try write(EventMessage(wallTime: now, step: step, content: .start))
  }

  deinit { try? handle.close() }

  /// Writes the numbers of one step.
  public func write(step: Int, _ scalars: [String: Double]) throws(GraphError) {
    let sorted = scalars.sorted { $0.key < $1.key }.map { (tag: $0.key, value: Float($0.value)) }
    try write(EventMessage(wallTime: Date().timeIntervalSince1970, step: step, content: .scalars(sorted)))
  }

  private func write(_ event: EventMessage) throws(GraphError) {
    do { try handle.write(contentsOf: TFRecord.framed(event.bytes)) } catch {
      throw GraphError(.file, "cannot be written: \(error.localizedDescription)").at(url.path)
    }
  }
}
