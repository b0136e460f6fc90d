import HoneIR
import HoneKernels

/// An operator that applies an activation to its result before storing it.
protocol ActivatedOp: Op {
  /// The name of an operator such as `Relu`.
  var activation: String? { get }
  /// That operator's attributes, in the order of its documentation.
  var activation_params: [Float] { get }
}

extension ActivatedOp {
  /// The activation as kernels know it.
  func parsedActivation() throws(GraphError) -> Activation {
    func parameter(_ i: Int, _ standard: Float) -> Float {
      i < activation_params.count ? activation_params[i] : standard
    }
    switch activation {
    case nil: return .none
    case "Relu": return .relu
    case "Clip":
      return .clip(min: parameter(0, -.greatestFiniteMagnitude), max: parameter(1, .greatestFiniteMagnitude))
    case "LeakyRelu": return .leakyRelu(slope: parameter(0, 0.01))
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Gelu": return .gelu
    case "Swish" where parameter(0, 1) == 1: return .silu
    case "HardSigmoid": return .hardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
    case "HardSwish": return .hardSwish
    case let name?: throw GraphError(.unsupported, "has no kernel that applies ‘\(name)’ with \(activation_params)")
    }
  }

  /// Applies the activation as an operator of its own.
  func activate(_ x: Value, in g: inout Graph) throws(GraphError) -> Value {
    try activation.map { name throws(GraphError) in try g.activate(x, name, activation_params) } ?? x
  }
}
