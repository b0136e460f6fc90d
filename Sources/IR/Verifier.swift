extension Graph {
  /// Checks what must hold of every graph: operands exist and come before users, users are recorded, types are as inferred.
  public func verify() throws(GraphError) {
    var made = Set<Value>()
    for node in sorted() {
      try locating(node.place) { () throws(GraphError) in
        for case let operand? in node.operands {
          guard operand.index < slots.count else { throw GraphError(.invariant, "reads a value of another graph") }
          if case .result = origin(of: operand), !made.contains(operand) {
            throw GraphError(.invariant, "is part of a cycle through ‘\(name(of: operand))’")
          }
          guard slots[operand.index].users.contains(node.id) else {
            throw GraphError(.invariant, "is not recorded as a user of ‘\(name(of: operand))’")
          }
        }
        let types = try node.op.infer(call(for: node))
        guard types.count == node.results.count else {
          throw GraphError(.invariant, "has \(node.results.count) results, its operator gives \(types.count)")
        }
        for (result, type) in zip(node.results, types) where !self.type(of: result).isCompatible(with: type) {
          throw GraphError(.invariant, "‘\(name(of: result))’ is \(self.type(of: result)), its operator gives \(type)")
        }
      }
      made.formUnion(node.results)
    }
  }
}

extension ValueType {
  /// Some value may have both types: symbols and unknown ranks fit anything.
  public func isCompatible(with other: ValueType) -> Bool {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)):
      guard a.element == b.element else { return false }
      guard let x = a.shape, let y = b.shape else { return true }
      return x.count == y.count && zip(x, y).allSatisfy { $0.size == nil || $1.size == nil || $0.size == $1.size }
    case (.sequence(let a), .sequence(let b)), (.optional(let a), .optional(let b)): return a.isCompatible(with: b)
    case (.map(let k, let a), .map(let l, let b)): return k == l && a.isCompatible(with: b)
    default: return false
    }
  }
}
