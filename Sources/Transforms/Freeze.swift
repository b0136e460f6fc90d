import HoneIR
import HoneOperators

/// Leaves only what inference needs: training modes, dropout and identities go, and inputs that nobody reads if asked.
public struct Freeze: RewritePass {
  /// Callers then must not give the inputs that were removed.
  public var removesUnusedInputs = false
  public init() {}

  public var rewrites: [Rewrite] {
    let inputs = Rewrite.step("unused inputs") { (graph: inout Graph) in
      let unused = graph.inputs.filter { graph.userCount(of: $0) == 0 && !graph.isOutput($0) }
      for input in unused { graph.removeInput(input) }
      return unused.count
    }
    return [.rules(Self.rules)] + (removesUnusedInputs ? [inputs] : [])
  }

  private static let rules = [
    Rule("Identity(x) → x", on: Identity.self) { (_, node, _) in node.operands[0] },
    Rule("Dropout(x) → x", on: Dropout.self) { (_, node, graph) in
      guard node.results.count == 1 || !graph.isRead(node.results[1]) else { return nil }
      guard node.operands.count < 3 || node.operands[2] == nil || graph.scalar(node.operands[2]) == 0 else {
        return nil
      }
      return node.operands[0]
    },
    Rule("BatchNormalization: training → inference", on: BatchNormalization.self) {
      (norm, node, graph) throws(GraphError) in
      guard norm.training_mode, !node.results.dropFirst().contains(where: graph.isRead) else { return nil }
      var frozen = norm
      frozen.training_mode = false
      return try graph.apply(frozen, node.operands, insteadOf: node)
    },
  ]
}

extension Graph {
  func isRead(_ value: Value) -> Bool { userCount(of: value) > 0 || roots.contains(value) }
}
