public import Foundation
public import HoneIR
import HoneRuntime

/// Writes records as lines of JSON, one object each: `step`, `epoch`, `loss`, `rate`, `samples_per_second`, `validation`.
public final class JSONLinesLog {
  public let url: URL
  private let handle: FileHandle

  /// Writes on after the lines of `url` that tell of at most `step` steps: what an interrupted run wrote beyond its last
  /// checkpoint goes. With `step` 0 the file starts anew.
  public init(_ url: URL, startingAt step: Int = 0) throws(GraphError) {
    self.url = url
    let kept = step > 0 ? Self.lines(url, upTo: step) : []
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch { throw GraphError(.file, "cannot be written: \(error.localizedDescription)").at(url.path) }
    try DurableFile.replace(url) { file throws(GraphError) in
      for line in kept { try file.write(Array(line.utf8) + [UInt8(ascii: "\n")]) }
    }
    do {
      handle = try FileHandle(forWritingTo: url)
      try handle.seekToEnd()
    } catch { throw GraphError(.file, "cannot be written: \(error.localizedDescription)").at(url.path) }
  }

  deinit { try? handle.close() }

  public func write(_ record: TrainingRecord) throws(GraphError) {
    do {
      var line = try Self.encoder.encode(record)
      line.append(UInt8(ascii: "\n"))
      try handle.write(contentsOf: line)
    } catch { throw GraphError(.file, "cannot be written: \(error.localizedDescription)").at(url.path) }
  }

  /// Whole lines of a file that tell of at most `step` steps.
  private static func lines(_ url: URL, upTo step: Int) -> [String] {
    guard let data = try? Data(contentsOf: url) else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init).filter { line in
      (try? decoder.decode(TrainingRecord.self, from: Data(line.utf8))).map { $0.step <= step } ?? false
    }
  }

  /// Numbers that are not finite are written as words, which JSON has no numbers for.
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return encoder
  }
  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
    return decoder
  }
}
