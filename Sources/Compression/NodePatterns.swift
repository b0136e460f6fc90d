import HoneIR

/// Names of nodes: exact, or regular expressions after `re:`.
struct NodePatterns {
  private let exact: Set<String>
  private let expressions: [(text: String, regex: Regex<AnyRegexOutput>)]

  init(_ patterns: [String]) throws(GraphError) {
    exact = Set(patterns.filter { !$0.hasPrefix("re:") })
    var expressions: [(String, Regex<AnyRegexOutput>)] = []
    for pattern in patterns where pattern.hasPrefix("re:") {
      do { expressions.append((pattern, try Regex(String(pattern.dropFirst(3))))) } catch {
        throw GraphError(.attribute, "‘\(pattern)’ is not a regular expression: \(error)")
      }
    }
    self.expressions = expressions
  }

  func match(_ node: Node) -> Bool {
    exact.contains(node.name) || expressions.contains { (try? $0.regex.wholeMatch(in: node.name)) != nil }
  }

  /// A pattern that matches nothing is a mistake.
  func expectMatches(in nodes: [Node]) throws(GraphError) {
    let names = Set(nodes.map(\.name))
    if let unmatched = exact.sorted().first(where: { !names.contains($0) }) {
      throw GraphError(.attribute, "no node is named ‘\(unmatched)’; ‘hone inspect’ lists the names")
    }
    for (text, regex) in expressions where !names.contains(where: { (try? regex.wholeMatch(in: $0)) != nil }) {
      throw GraphError(.attribute, "no node's name matches ‘\(text)’; ‘hone inspect’ lists the names")
    }
  }
}
