import HoneIR
import HoneOperators

/// Residual branches left out for some samples (Huang and others, "Deep networks with stochastic depth", arXiv 1603.09382).
extension PrepareForTraining {
  /// Branch i of n is left out with probability i/n · `stochasticDepth`.
  func dropBranches(_ runs: Value, _ graph: inout Graph) throws(GraphError) {
    let branches = graph.residualBranches()
    for (i, branch) in branches.enumerated() {
      var op = DropRandomly()
      op.ratio = stochasticDepth * Float(i + 1) / Float(branches.count)
      op.seed = seed &+ (i + 1) &* 0x1_0000_0000 &+ 0x5D
      op.drops_samples = true
      var operands = branch.node.operands
      operands[branch.operand] = try graph.apply(op, operands[branch.operand], runs)
      graph.setOperands(of: branch.node.id, to: operands)
    }
  }
}

extension Graph {
  /// Sums of a shortcut and a branch, with the branch's place among the operands: the one on the longer way from the value
  /// where the two part.
  fileprivate func residualBranches() -> [(node: Node, operand: Int)] {
    var depth: [Value: Int] = [:]
    var found: [(node: Node, operand: Int)] = []
    for node in sorted() {
      let longest = node.operands.lazy.compactMap { $0 }.map { depth[$0] ?? 0 }.max() ?? 0
      for result in node.results { depth[result] = longest + 1 }
      guard node.op is Add, let a = node.operands[0], let b = node.operands[1], type(of: a) == type(of: b),
        tensorType(of: a).rank ?? 0 > 1, isComputed(a) || isComputed(b)
      else { continue }
      let (x, y) = (depth[a] ?? 0, depth[b] ?? 0)
      guard x != y, producer(of: x > y ? a : b) != nil, !ancestors(a).isDisjoint(with: ancestors(b)) else { continue }
      found.append((node, x > y ? 0 : 1))
    }
    return found
  }

  private func isComputed(_ value: Value) -> Bool { producer(of: value) != nil }

  /// `value` and what it is computed from, but for constants and states.
  private func ancestors(_ value: Value) -> Set<Value> {
    var found: Set<Value> = []
    var queue = [value]
    while let next = queue.popLast() {
      switch origin(of: next) {
      case .constant, .state: continue
      case .input, .result: break
      }
      guard found.insert(next).inserted, let node = producer(of: next) else { continue }
      queue += node.operands.compactMap(\.self)
    }
    return found
  }
}
