import Foundation
import HoneIR

@testable import HoneDatasets

/// A temporary folder that vanishes with this object.
final class Scratch {
  let url: URL
  init() {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("hone-tests-\(UUID().uuidString)")
    try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: url) }

  /// Writes a file, and the folders that it lies in.
  @discardableResult
  func write(_ bytes: some Sequence<UInt8>, _ path: String) throws -> URL {
    let file = url.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file
  }
  @discardableResult
  func write(_ text: String, _ path: String) throws -> URL { try write(Array(text.utf8), path) }
  @discardableResult
  func write(base64: String, _ path: String) throws -> URL { try write(Data(base64Encoded: base64)!, path) }
}

/// The description of the error that `body` throws; empty if it throws none.
func message(_ body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return ""
  } catch { return "\(error)" }
}

/// A `.npy` file with the given header dictionary.
func npy(_ header: String, _ payload: [UInt8]) -> [UInt8] {
  [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + payload
}

func idx(_ type: UInt8, _ sizes: [Int], _ payload: [UInt8]) -> [UInt8] {
  [0, 0, type, UInt8(sizes.count)]
    + sizes.flatMap { [UInt8($0 >> 24), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)] } + payload
}

/// A binary PGM.
func pgm(_ width: Int, _ height: Int, _ pixels: [UInt8]) -> [UInt8] {
  Array("P5\n# made\n\(width) \(height)\n255\n".utf8) + pixels
}

/// Data that lies beside the repository, if it is there.
func shared(_ path: String) -> URL? {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let url = root.deletingLastPathComponent().appendingPathComponent("shared/data/\(path)").standardizedFileURL
  return FileManager.default.fileExists(atPath: url.path) ? url : nil
}

let sharedHint = "../shared/data is not there, beside the repository"
