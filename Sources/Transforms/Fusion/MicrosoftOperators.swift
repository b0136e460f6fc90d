import HoneIR
import HoneOperators

/// The operator `name` of ONNX Runtime's own domain, if Hone has it.
func microsoft(_ name: String, _ attributes: Attributes = [:]) throws(GraphError) -> (any Op)? {
  guard let type = Catalog.find(name, domain: "com.microsoft") else { return nil }
  return try type.init(attributes: attributes)
}

extension Graph {
  /// Applies ONNX Runtime's operator `name` instead of `node`; nil if Hone lacks it.
  mutating func applyMicrosoft(
    _ name: String, _ attributes: Attributes = [:], _ operands: [Value?], insteadOf node: Node
  ) throws(GraphError) -> Value? {
    guard let op = try microsoft(name, attributes) else { return nil }
    return try apply(op, operands, insteadOf: node)
  }
}
