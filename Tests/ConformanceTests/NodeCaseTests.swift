import Foundation
import HoneConformance
import Testing

/// The official ONNX node tests, which `Tests/Referees/node_cases.py` writes to `.cache/node-cases`.
@Suite struct NodeCaseTests {
  @Test func `node cases pass or are refused, none is wrong`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appendingPathComponent(".cache/node-cases")
    guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("tolerances.json").path) else {
      print("skipped: the node cases are not at .cache/node-cases; Scripts/install.sh test makes them")
      return
    }
    var counts = (passed: 0, refused: 0)
    var wrong: [String] = []
    for item in try NodeCase.all(in: folder) {
      switch item.run() {
      case .passed: counts.passed += 1
      case .refused(let reason):
        counts.refused += 1
        #expect(!reason.isEmpty, "\(item.name) is refused without a reason")
      case .wrong(let reason): wrong.append("\(item.name): \(reason)")
      }
    }
    let total = counts.passed + counts.refused + wrong.count
    print("ONNX node cases: \(counts.passed) passed, \(counts.refused) refused, \(wrong.count) wrong of \(total)")
    #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    #expect(counts.passed >= 1600)
  }
}
