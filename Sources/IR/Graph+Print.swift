extension Graph: CustomStringConvertible {
  /// One line a node, operands before users: `%y: float32[1×10] = Gemm(%x, %w, %b) {transB: 1}`.
  public var description: String {
    var lines = inputs.map { "input \(label($0)): \(type(of: $0))" }
    lines += sorted().map(line)
    lines += updates.map { "\(label($0)) ← \(label($1))" }.sorted()
    lines.append("return " + outputs.map(label).joined(separator: ", "))
    return lines.joined(separator: "\n")
  }

  private func label(_ value: Value?) -> String {
    guard let value else { return "–" }
    let name = name(of: value)
    if let tensor = constant(value), tensor.elementCount == 1, tensor.element != .string {
      return tensor.element.isFloatingPoint ? "\(tensor.double(at: 0))" : "\(tensor.integer(at: 0))"
    }
    return "%" + (name.isEmpty ? "\(value.index)" : name)
  }

  private func line(_ node: Node) -> String {
    let results = node.results.map { "\(label($0)): \(type(of: $0))" }.joined(separator: ", ")
    let operands = node.operands.map(label).joined(separator: ", ")
    let attributes = (try? Attributes(changed: node.op)) ?? [:]
    let options =
      attributes.isEmpty
      ? "" : " {\(attributes.sorted { $0.key < $1.key }.map { "\($0): \($1)" }.joined(separator: ", "))}"
    return "\(results) = \(node.op.name)(\(operands))\(options)"
  }
}
