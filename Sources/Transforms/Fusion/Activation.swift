import HoneIR
import HoneOperators

/// An activation that ONNX Runtime's fused layers know.
struct Activation {
  var name: String
  var parameters: [Float] = []

  init?(_ node: Node, in graph: Graph) {
    switch node.op {
    case is Relu: name = "Relu"
    case is Sigmoid: name = "Sigmoid"
    case is Tanh: name = "Tanh"
    case let leaky as LeakyRelu: (name, parameters) = ("LeakyRelu", [leaky.alpha])
    case let gate as HardSigmoid: (name, parameters) = ("HardSigmoid", [gate.alpha, gate.beta])
    case is Clip:
      guard let range = graph.clipRange(node) else { return nil }
      func bounded(_ x: Double) -> Float { min(max(Float(x), -.greatestFiniteMagnitude), .greatestFiniteMagnitude) }
      (name, parameters) = ("Clip", [bounded(range.low), bounded(range.high)])
    default: return nil
    }
  }
}
