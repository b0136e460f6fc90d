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
      let label = [name(of: node.result), node.name, producer(of: x)?.name ?? ""].first { !$0.isEmpty } ?? name(of: x)
      var edges = users(of: node.result).map { user in
        DequantizedEdge(value: label, reader: user.op.name, reason: reason(user, reading: node))
      }
      if isOutput(node.result) {
        edges.append(DequantizedEdge(value: label, reader: "output", reason: "the model's output is a real number"))
      }
      return edges
    }
  }

  private func reason(_ user: Node, reading node: Node) -> String {
    guard dequantizedBytes(node.result) != nil else { return "its scale or zero point is not one constant" }
    if user.op is QuantizeLinear { return "the next scale or zero point is not one constant" }
    let isQuantizedAgain = user.results.contains { result in
      users(of: result).contains { $0.op is QuantizeLinear }
    }
    if user.op is any WeightedOp {
      guard let weights = user.operands.count > 1 ? user.operands[1] : nil, constant(weights) != nil else {
        return "both operands depend on data"
      }
      return "its weights are not quantized"
    }
    if let operand = user.operands.first(where: { $0.map { constant($0) == nil && dequantized($0) == nil } ?? false }),
      let operand
    {
      let source = producer(of: operand)?.op.name ?? "an input"
      return "another operand comes in real numbers from \(source)"
    }
    return isQuantizedAgain ? "\(user.op.name) has no integer form" : "its result is not quantized"
  }
}
