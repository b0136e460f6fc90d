import Foundation

/// The package's files, as the layering tests read them.
enum Package {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  struct File {
    /// From the package's root.
    var path: String
    var lines: [Substring]
    var text: String
    /// The folder under `Sources`.
    var module: String { String(path.split(separator: "/")[1]) }
    var isGenerated: Bool { path.hasSuffix(".pb.swift") }
  }

  /// All files below `Sources` whose names end so.
  static func sources(_ extensions: Set<String> = ["swift"]) -> [File] {
    let paths =
      (FileManager.default.enumerator(atPath: root.appendingPathComponent("Sources").path)?.allObjects as? [String])
      ?? []
    return paths.sorted().compactMap { path in
      guard extensions.contains(URL(fileURLWithPath: path).pathExtension) else { return nil }
      return file("Sources/\(path)")
    }
  }

  static func file(_ path: String) -> File? {
    guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) else { return nil }
    return File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false), text: text)
  }
}

extension Package.File {
  /// The modules it imports, without “Hone”.
  var imports: [String] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let i = words.firstIndex(of: "import"), i + 1 < words.count,
        words[..<i].allSatisfy({
          ["public", "internal", "private", "package", "fileprivate", "@_exported", "@testable"].contains($0)
        })
      else { return nil }
      let name = String(words[i + 1].split(separator: ".")[0])
      return name.hasPrefix("Hone") && name != "Hone" ? String(name.dropFirst(4)) : name
    }
  }

  /// Lines of code that hold `expression`; comments and texts are left out.
  func lines(with expression: Regex<Substring>) -> [String] {
    lines.enumerated().compactMap { i, line in
      let code = line.replacing(/"(?:\\.|[^"\\])*"/, with: "\"\"")
      let bare = code.firstRange(of: "//").map { code[..<$0.lowerBound] } ?? code
      return bare.contains(expression) ? "\(path):\(i + 1)" : nil
    }
  }
}
