import Foundation
import Testing

/// The two READMEs say the same, and what the documents point at is there.
struct DocumentationTests {
  @Test func readmesAreInStep() throws {
    let english = try #require(Package.file("README.md"))
    let chinese = try #require(Package.file("README.zh-CN.md"))
    #expect(Self.outline(english) == Self.outline(chinese))
    #expect(Self.codeBlocks(english).count == Self.codeBlocks(chinese).count)
    for (a, b) in zip(Self.codeBlocks(english), Self.codeBlocks(chinese)) { #expect(a == b) }
  }

  @Test(arguments: ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md"])
  func linksLeadSomewhere(document: String) throws {
    let file = try #require(Package.file(document))
    for match in file.text.matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/) {
      let target = Package.root.appendingPathComponent(String(match.1))
      #expect(FileManager.default.fileExists(atPath: target.path), "\(document) points at \(match.1)")
    }
  }

  @Test func everyModuleIsOnTheMap() throws {
    let map = try #require(Package.file("ARCHITECTURE.md"))
    for module in Set(Package.sources(["swift", "c"]).map(\.module)) {
      #expect(map.text.contains("`\(module)`"), "ARCHITECTURE.md does not mention \(module)")
    }
  }

  /// The levels of the headings, in order.
  private static func outline(_ file: Package.File) -> [Int] {
    var inCode = false
    return file.lines.compactMap { line in
      if line.hasPrefix("```") { inCode.toggle() }
      let marks = line.prefix { $0 == "#" }.count
      return !inCode && marks > 0 ? marks : nil
    }
  }

  /// Blocks of code without their comments, which are translated.
  private static func codeBlocks(_ file: Package.File) -> [String] {
    let parts = file.text.components(separatedBy: "```")
    return stride(from: 1, to: parts.count, by: 2).map { i in
      parts[i].split(separator: "\n").map { line in
        let code = line.firstRange(of: "  #").map { line[..<$0.lowerBound] } ?? line
        let bare = code.firstRange(of: "// ").map { code[..<$0.lowerBound] } ?? code
        return bare.trimmingCharacters(in: .whitespaces)
      }.joined(separator: "\n")
    }
  }
}
