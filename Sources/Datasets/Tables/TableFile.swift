internal import Foundation
internal import HoneCodecs
internal import HoneIR
internal import SwiftCSV

/// The records of a table in a text file, of which only the places are kept in memory.
struct TableFile: Sendable {
  /// No record is longer.
  static let recordLimit = 1 << 24
  let delimiter: UInt8
  private let file: FileBytes
  /// Where each record starts and ends.
  private(set) var records: [Range<Int>] = []

  /// Finds the records: lines, where line ends inside quotes do not count. Empty lines are left out.
  init(_ url: URL, delimiter: Character?) throws(GraphError) {
    let file = try FileBytes(url)
    self.file = file
    var scanner = RecordScanner()
    let start = try file.read(0..<min(1 << 16, file.count))
    guard !start.contains(0) else { throw GraphError(.file, "is no text file").at(url.path) }
    scanner.start = start.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    for position in stride(from: scanner.start, to: file.count, by: 1 << 16) {
      let chunk = try file.read(position..<min(position + 1 << 16, file.count))
      try locating(url.path) { () throws(GraphError) in try scanner.scan(chunk, at: position) }
    }
    try locating(url.path) { () throws(GraphError) in try scanner.finish(at: file.count) }
    let found = scanner.records
    records = found
    let first = found.first.map { start[max($0.lowerBound, 0)..<min($0.upperBound, start.count)] } ?? []
    self.delimiter = delimiter?.asciiValue ?? Self.guess(first, isTabbed: url.pathExtension.lowercased() == "tsv")
  }

  /// The fields of record `index`.
  func fields(_ index: Int) throws(GraphError) -> [String] {
    let bytes = try file.read(records[index])
    guard bytes.contains(UInt8(ascii: "\"")) else {
      return bytes.split(separator: delimiter, omittingEmptySubsequences: false).map { Self.trimmed($0) }
    }
    let text = String(decoding: bytes, as: UTF8.self) + "\n"
    do {
      return try EnumeratedCSV(
        string: text, delimiter: .character(Character(UnicodeScalar(delimiter))), loadColumns: false
      ).header
    } catch { throw GraphError(.file, "row \(index + 1) has misplaced quotes") }
  }

  private static func trimmed(_ field: ArraySlice<UInt8>) -> String {
    let isSpace: (UInt8) -> Bool = { $0 == 32 || $0 == 9 || $0 == 13 }
    let start = field.firstIndex { !isSpace($0) } ?? field.endIndex
    let end = field.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
    return String(decoding: field[start..<end], as: UTF8.self)
  }

  private static func guess(_ line: ArraySlice<UInt8>, isTabbed: Bool) -> UInt8 {
    if isTabbed { return 9 }
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in line {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted { counts[byte, default: 0] += 1 }
    }
    let candidates: [UInt8] = [UInt8(ascii: ","), 9, UInt8(ascii: ";"), UInt8(ascii: "|")]
    let found = candidates.filter { counts[$0] != nil }
    return found.max { counts[$0]! < counts[$1]! } ?? (counts[32] != nil ? 32 : candidates[0])
  }
}

/// Finds where records start and end.
private struct RecordScanner {
  var records: [Range<Int>] = []
  var start = 0
  private var isQuoted = false

  mutating func scan(_ chunk: [UInt8], at position: Int) throws(GraphError) {
    for (i, byte) in chunk.enumerated() {
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if !isQuoted && (byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")) {
        add(upTo: position + i)
      }
    }
    if position + chunk.count - start > TableFile.recordLimit {
      let reason = isQuoted ? "a quote that is opened there is not closed" : "it is too long"
      throw GraphError(.file, "row \(records.count + 1) has more than \(TableFile.recordLimit) bytes: \(reason)")
    }
  }

  mutating func finish(at end: Int) throws(GraphError) {
    guard !isQuoted else { throw GraphError(.file, "row \(records.count + 1) opens a quote that is not closed") }
    add(upTo: end)
  }

  private mutating func add(upTo end: Int) {
    if end > start { records.append(start..<end) }
    start = end + 1
  }
}
