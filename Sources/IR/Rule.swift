/// A local rewrite: given a node of one operator, the value to use instead of its first result, or nil to leave it.
public struct Rule: Sendable {
  public let name: String
  let target: ObjectIdentifier
  let rewrite: @Sendable (Node, inout Graph) throws(GraphError) -> Value?

  public init<O: Op>(
    _ name: String, on _: O.Type,
    _ body: @escaping @Sendable (_ op: O, _ node: Node, _ graph: inout Graph) throws(GraphError) -> Value?
  ) {
    self.name = name
    target = ObjectIdentifier(O.self)
    rewrite = { (node: Node, graph: inout Graph) throws(GraphError) -> Value? in
      try body(node.op as! O, node, &graph)
    }
  }
}

extension Graph {
  /// Applies `rules` to every node, in order, once; returns the names of the rules that fired.
  @discardableResult
  public mutating func rewrite(_ rules: [Rule]) throws(GraphError) -> [String] {
    let byTarget = Dictionary(grouping: rules, by: \.target)
    var fired: [String] = []
    for node in sorted() {
      for rule in byTarget[ObjectIdentifier(Swift.type(of: node.op))] ?? [] {
        guard let current = self[node.id] else { break }
        guard
          let value = try locating(
            "\(rule.name), \(node.place)", { () throws(GraphError) in try rule.rewrite(current, &self) })
        else { continue }
        guard canReplace(current.result, with: value) else { continue }
        replace(current.result, with: value)
        fired.append(rule.name)
        break
      }
    }
    removeDeadNodes()
    return fired
  }
}
