internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// Writes a file under a temporary name beside its place, so that a failure leaves no half-written file.
final class FileWriter {
  private let handle: FileHandle
  private(set) var position = 0

  private init(_ handle: FileHandle) { self.handle = handle }

  static func replace(_ url: URL, _ body: (FileWriter) throws(GraphError) -> Void) throws(GraphError) {
    let draft = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).\(UUID().uuidString)")
    guard FileManager.default.createFile(atPath: draft.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: draft.path)
    else { throw GraphError(.file, "cannot be written").at(url.path) }
    do throws(GraphError) {
      try body(FileWriter(handle))
      try FileWriter.wrap { try handle.close() }
      try FileBytes.move(draft, to: url)
    } catch {
      try? FileManager.default.removeItem(at: draft)
      throw error.at(url.path)
    }
  }

  func write(_ bytes: [UInt8]) throws(GraphError) {
    try Self.wrap { try handle.write(contentsOf: bytes) }
    position += bytes.count
  }

  /// Replaces bytes that were written before.
  func patch(_ bytes: [UInt8], at offset: Int) throws(GraphError) {
    try Self.wrap {
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: bytes)
      try handle.seekToEnd()
    }
  }

  private static func wrap(_ body: () throws -> Void) throws(GraphError) {
    do { try body() } catch { throw GraphError(.file, "cannot be written: \(error.localizedDescription)") }
  }
}
