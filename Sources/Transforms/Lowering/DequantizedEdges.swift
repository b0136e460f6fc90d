public import HoneIR
import HoneOperators

/// A place where a quantized model leaves its integers.
public struct DequantizedEdge: Sendable, Hashable, Codable {
  /// The value, by its name in the model or that of the node that makes it.
  public var value: String
  /// The operator, or "output", that reads real numbers.
  public var reader: String
  public var reason: String
}

extension Graph {
  /// Where values of a lowered graph turn from integers into real numbers, and why.
  public var dequantizedEdges: [DequantizedEdge] {
    sorted().flatMap { node -> [DequantizedEdge] in
      guard node.op is DequantizeLinear, let x = node.operands[0], constant(x) == nil else { return [] }
      let names = [
        name(of: node.result), node.name, name(of: x), producer(of: x)?.name ?? "", producer(of: x)?.op.name,
      ]
      let label = names.compactMap(\.self).first { !$0.isEmpty } ?? "input"
      return edges(of: node.result, label, from: node)
    }
  }

  /// The readers of `value`, which `node` dequantized; those behind operators that only move values count in their place.
  private func edges(of value: Value, _ label: String, from node: Node) -> [DequantizedEdge] {
    var edges: [DequantizedEdge] = []
    for user in users(of: value) {
      if (user.op as? any QuantizableOp)?.quantizationRole == .carries {
        for result in user.results { edges += self.edges(of: result, label, from: node) }
      } else {
        edges.append(DequantizedEdge(value: label, reader: user.op.name, reason: reason(user, reading: node)))
      }
    }
    if isOutput(value) {
      edges.append(DequantizedEdge(value: label, reader: "output", reason: "the model's output is a real number"))
    }
    return edges
  }

  private func reason(_ user: Node, reading node: Node) -> String {
    guard dequantizedBytes(node.result) != nil else { return "its scale or zero point is not one constant" }
    if user.op is QuantizeLinear { return "the next scale or zero point is not one constant" }
    let isQuantizedAgain = user.results.contains { isQuantized($0) }
    if user.op is any WeightedOp || user.op is NHWCConv {
      guard let weights = user.operands.count > 1 ? user.operands[1] : nil, constant(weights) != nil else {
        return "both operands depend on data"
      }
      return "its weights are not quantized"
    }
    if let operand = user.operands.first(where: { $0.map { constant($0) == nil && !isDequantized($0) } ?? false }),
      let operand
    {
      let source = producer(of: operand)?.op.name ?? "an input"
      return "another operand comes in real numbers from \(source)"
    }
    return isQuantizedAgain ? "\(user.op.name) has no integer form" : "its result is not quantized"
  }

  /// Whether `value` was dequantized and perhaps moved since.
  private func isDequantized(_ value: Value) -> Bool {
    guard let node = producer(of: value) else { return false }
    if node.op is DequantizeLinear { return true }
    guard (node.op as? any QuantizableOp)?.quantizationRole == .carries, let x = node.operands[0] else { return false }
    return isDequantized(x)
  }

  /// Whether `value` is quantized, where need be after it has been moved.
  private func isQuantized(_ value: Value) -> Bool {
    users(of: value).contains { user in
      user.op is QuantizeLinear
        || ((user.op as? any QuantizableOp)?.quantizationRole == .carries && user.results.contains { isQuantized($0) })
    }
  }
}
