public import HoneIR

extension Graph {
  /// Sets the constants that have a name in `weights`; returns the names that were taken, sorted.
  ///
  /// Fails, and changes nothing, where a tensor of a known name has another type, or where no name is known.
  @discardableResult
  public mutating func load(_ weights: Safetensors) throws(GraphError) -> [String] {
    var copy = self
    var taken: Set<String> = []
    for node in sorted() {
      for case let operand? in node.operands {
        let name = name(of: operand)
        guard let old = constant(operand), let new = weights.tensors[name] else { continue }
        guard old.type == new.type else {
          throw GraphError(.type, "weight ‘\(name)’ is \(old.type) in the model and \(new.type) in the file")
        }
        copy.setConstant(operand, to: new)
        taken.insert(name)
      }
    }
    guard !taken.isEmpty else {
      let names = weights.tensors.keys.sorted().prefix(5).map { "‘\($0)’" }.joined(separator: ", ")
      throw GraphError(
        .input, "the file has no weight that the model names; it has \(names)\(weights.tensors.count > 5 ? ", …" : "")")
    }
    self = copy
    return taken.sorted()
  }
}
