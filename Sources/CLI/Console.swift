import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Standard output for results, standard error for the rest.
enum Console {
  enum Stream { case standardOutput, standardError }

  static func write(_ text: String, to stream: Stream) {
    (stream == .standardOutput ? FileHandle.standardOutput : .standardError).write(Data(text.utf8))
  }
  static func print(_ text: String) { write(text + "\n", to: .standardOutput) }
  static func error(_ text: String) { write("error: \(text)\n", to: .standardError) }
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: .standardOutput)
  }
}

/// Columns of text, the first to the left, the others to the right unless told otherwise.
struct TextTable {
  var header: [String]
  var rows: [[String]] = []
  var leftColumns: Set<Int> = [0]

  init(_ header: [String], left: Set<Int> = [0]) { (self.header, leftColumns) = (header, left) }
  mutating func add(_ row: String...) { rows.append(row) }

  var text: String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    func line(_ row: [String]) -> String {
      let cells = row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        return leftColumns.contains(column) ? cell + padding : padding + cell
      }
      var text = cells.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }
    return ([line(header), widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")] + rows.map(line))
      .joined(separator: "\n")
  }
}

/// Progress with the time that is left, on a terminal only.
struct ProgressBar {
  let title: String
  let total: Int
  private let start = ContinuousClock.now
  private var lastShown = ContinuousClock.now - .seconds(1)

  init(_ title: String, total: Int) { (self.title, self.total) = (title, total) }

  mutating func update(_ done: Int) {
    guard Console.isTerminal, total > 0, ContinuousClock.now - lastShown > .milliseconds(100) || done == total else {
      return
    }
    lastShown = .now
    let share = Double(done) / Double(total)
    let elapsed = (ContinuousClock.now - start).seconds
    let left = done > 0 ? elapsed / share - elapsed : 0
    let width = 30
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    Console.write("\r\(title) \(bar) \(done)/\(total), \(Format.seconds(left)) left   ", to: .standardError)
    if done == total { Console.write("\r" + String(repeating: " ", count: 79) + "\r", to: .standardError) }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
  var milliseconds: Double { seconds * 1000 }
}

/// Numbers as people read them.
enum Format {
  static func bytes(_ count: Int) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 1000, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : "\(number(value, value < 10 ? 2 : 1)) \(units[unit])"
  }
  static func count(_ value: Int) -> String {
    var text = String(abs(value))
    var parts: [String] = []
    while text.count > 3 {
      parts.insert(String(text.suffix(3)), at: 0)
      text.removeLast(3)
    }
    return (value < 0 ? "−" : "") + ([text] + parts).joined(separator: ",")
  }
  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  static func percent(_ share: Double, _ digits: Int = 1) -> String { number(share * 100, digits) + " %" }
  static func milliseconds(_ value: Double) -> String { number(value, value < 1 ? 4 : value < 100 ? 3 : 1) + " ms" }
  static func seconds(_ value: Double) -> String {
    value < 60 ? "\(number(value, value < 10 ? 1 : 0)) s" : "\(Int(value) / 60) min \(Int(value) % 60) s"
  }
}
