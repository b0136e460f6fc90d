import Foundation
import HoneConformance
import Testing

/// Cases whose outputs ONNX Runtime computed; `Tests/Referees/operator_cases.py` writes them to `.cache/operator-cases`.
@Suite struct OperatorCaseTests {
  @Test func `operators agree with ONNX Runtime`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let folder = root.appendingPathComponent(".cache/operator-cases")
    guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("complete").path) else {
      print("skipped: the operator cases are not at .cache/operator-cases; Scripts/install.sh test makes them")
      return
    }
    var passed = 0
    for item in try NodeCase.all(in: folder) {
      switch item.run() {
      case .passed: passed += 1
      case .refused(let reason): Issue.record("\(item.name) is refused: \(reason)")
      case .wrong(let reason): Issue.record("\(item.name): \(reason)")
      }
    }
    print("cases by ONNX Runtime: \(passed) passed")
    #expect(passed >= 280)
  }
}
