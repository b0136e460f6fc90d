import ArgumentParser
import Foundation
import HoneConformance

/// Runs the official ONNX node tests and prints what passed, what was refused and what was wrong.
@main
struct ConformanceTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hone-conformance",
    abstract: "Runs the official ONNX node tests that Tests/Referees/node_cases.py wrote.")
  @Argument(help: "The folder of cases.") var cases = ".cache/node-cases"
  @Option(help: "Run only cases whose name matches this regular expression.") var filter: String?
  @Flag(help: "Name the passed cases too.") var all = false
  @Flag(help: "Run each case in a process of its own, so that a crash is one wrong case.") var isolate = false

  @Flag(help: "Print Documentation/Operators.md instead.") var operators = false

  func run() throws {
    if operators { return print(OperatorTable.markdown, terminator: "") }
    let pattern = try filter.map { try Regex($0) }
    let selected = try NodeCase.all(in: URL(fileURLWithPath: cases)).filter {
      pattern == nil || $0.name.contains(pattern!)
    }
    var counts = (passed: 0, refused: 0, wrong: 0)
    for item in selected {
      switch isolate ? isolated(item) : item.run() {
      case .passed:
        counts.passed += 1
        if all { print("passed  \(item.name)") }
      case .refused(let reason):
        counts.refused += 1
        print("refused \(item.name): \(reason.replacingOccurrences(of: "\n", with: " "))")
      case .wrong(let reason):
        counts.wrong += 1
        print("WRONG   \(item.name): \(reason)")
      }
    }
    print("\(counts.passed) passed, \(counts.refused) refused, \(counts.wrong) wrong of \(selected.count)")
  }

  private func isolated(_ item: NodeCase) -> NodeCase.Outcome {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = [cases, "--filter", "^\(item.name)$", "--all"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return .wrong("cannot start a process") }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationReason == .exit, let line = text.split(separator: "\n").first else {
      return .wrong("crashed")
    }
    let reason = String(line.drop { $0 != ":" }.dropFirst(2))
    if line.hasPrefix("passed") { return .passed }
    return line.hasPrefix("refused") ? .refused(reason) : .wrong(reason)
  }
}
