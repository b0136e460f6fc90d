import Foundation
import HoneConformance
import Testing

@Suite struct OperatorTableTests {
  @Test func `the page of operators is current`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("Documentation/Operators.md"), encoding: .utf8)
    #expect(
      page == OperatorTable.markdown,
      "write it anew: swift run hone-conformance --operators > Documentation/Operators.md")
  }
}
