public import HoneIR
import HoneOperators

extension Graph {
  /// Appends the gradients of `loss`, a scalar, with respect to `values`: nil for those it does not depend on.
  ///
  /// Reverse-mode differentiation: every node from the loss back to `values` gives its operands' cotangents by its pullback,
  /// composites without one by those of their expansion. All types on the way must be concrete.
  ///
  /// Throws `.unsupported` at the first node on the way that has no gradient.
  public mutating func appendGradients(of loss: Value, for values: [Value]) throws(GraphError) -> [Value?] {
    try expandComposites(between: values, and: [loss])
    let reached = nodesReached(from: values)
    var cotangents: [Value: [Value]] = [loss: [try shaped(number(1, like: loss), sizes(of: loss))]]
    for node in sorted(to: [loss]).reversed() where reached.contains(node.id) {
      let arriving = try node.results.map { result throws(GraphError) in try sum(cotangents[result] ?? []) }
      guard arriving.contains(where: { $0 != nil }) else { continue }
      let leaving = try locating(node.place) { () throws(GraphError) in
        guard let op = node.op as? any DifferentiableOp else {
          throw GraphError(.unsupported, "\(node.op.qualifiedName) has no gradient")
        }
        return try op.pullback(node, arriving, in: &self)
      }
      for case let (operand?, cotangent?) in zip(node.operands, leaving) where carriesGradient(operand, reached, values)
      {
        guard cotangentType(of: operand) == tensorType(of: cotangent) else {
          throw GraphError(
            .invariant, "the cotangent of \(tensorType(of: operand)) is \(tensorType(of: cotangent))"
          ).at(node.place)
        }
        cotangents[operand, default: []].append(cotangent)
      }
    }
    return try values.map { value throws(GraphError) in try sum(cotangents[value] ?? []) }
  }

  private func carriesGradient(_ operand: Value, _ reached: Set<Node.ID>, _ values: [Value]) -> Bool {
    guard cotangentType(of: operand) != nil else { return false }
    return producer(of: operand).map { reached.contains($0.id) } ?? values.contains(operand)
  }

  /// Nodes that `values` lead to.
  private func nodesReached(from values: [Value]) -> Set<Node.ID> {
    var reached: Set<Node.ID> = []
    var queue = values
    while let value = queue.popLast() {
      for user in users(of: value) where reached.insert(user.id).inserted { queue += user.results }
    }
    return reached
  }

  /// Nodes that `targets` need, operands before users.
  private func sorted(to targets: [Value]) -> [Node] {
    var needed: Set<Node.ID> = []
    var queue = targets
    while let value = queue.popLast() {
      guard let node = producer(of: value), needed.insert(node.id).inserted else { continue }
      queue += node.operands.compactMap(\.self)
    }
    var copy = self
    copy.outputs = targets
    return copy.sorted().filter { needed.contains($0.id) }
  }

  /// Composites on the way from `values` to `targets` that have no pullback become their expansions.
  private mutating func expandComposites(between values: [Value], and targets: [Value]) throws(GraphError) {
    var isDone = false
    while !isDone {
      isDone = true
      let reached = nodesReached(from: values)
      for node in sorted(to: targets) where reached.contains(node.id) && !(node.op is any DifferentiableOp) {
        guard let composite = node.op as? any CompositeOp else { continue }
        let results = try locating(node.place) { () throws(GraphError) in
          try composite.expand(node.operands, call(for: node), in: &self)
        }
        for (old, new) in zip(node.results, results) { replace(old, with: new) }
        isDone = false
      }
    }
  }
}
