extension Graph {
  /// Infers all results anew: numbers and named sizes replace sizes that were not known.
  public mutating func inferTypes() throws(GraphError) {
    for node in sorted() {
      let call = call(for: node)
      let types = try locating(node.place) { () throws(GraphError) in try node.op.infer(call) }
      for (result, type) in zip(node.results, types) { setType(self.type(of: result).refined(by: type), of: result) }
      guard let elements = (node.op as? any SymbolicOp)?.symbolicResult(call) else { continue }
      let known = slots[node.result.index].symbolic
      let refined =
        known.map { $0.count == elements.count ? zip($0, elements).map { $0.refined(by: $1) } : $0 } ?? elements
      guard refined != known else { continue }
      revision += 1
      slots[node.result.index].symbolic = refined
    }
  }

  /// Whether every use of `old` can become one of `new`: an output can only become a result that is no output yet,
  /// so that the graph's outputs keep their names.
  public func canReplace(_ old: Value, with new: Value) -> Bool {
    guard isOutput(old), old != new else { return true }
    if case .result = origin(of: new) { return !isOutput(new) }
    return false
  }
}

extension Dimension {
  /// Contains a size that only data will tell.
  public var isUnknown: Bool { symbols.contains { $0.hasPrefix("?") } }
  func refined(by other: Dimension) -> Dimension {
    if size != nil { return self }
    return other.size != nil || (isUnknown && !other.isUnknown) ? other : self
  }
}

extension ValueType {
  /// This type with sizes that `other` knows better.
  func refined(by other: ValueType) -> ValueType {
    guard case .tensor(let a) = self, case .tensor(let b) = other, a.element == b.element, let known = b.shape else {
      return self
    }
    guard let shape = a.shape else { return other }
    guard shape.count == known.count else { return self }
    return .tensor(a.with(shape: zip(shape, known).map { $0.refined(by: $1) }))
  }
}
