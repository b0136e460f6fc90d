import HoneIR

/// The activation that a fused layer applies, by its name and parameters.
func fusedActivation(_ name: String, _ parameters: [Float]) throws(GraphError) -> any Op {
  func parameter(_ i: Int, _ fallback: Float) -> Float { i < parameters.count ? parameters[i] : fallback }
  switch name {
  case "Relu": return Relu()
  case "Sigmoid": return Sigmoid()
  case "Tanh": return Tanh()
  case "LeakyRelu":
    var op = LeakyRelu()
    op.alpha = parameter(0, 0.01)
    return op
  case "HardSigmoid":
    var op = HardSigmoid()
    (op.alpha, op.beta) = (parameter(0, 0.2), parameter(1, 0.5))
    return op
  case "Elu":
    var op = Elu()
    op.alpha = parameter(0, 1)
    return op
  case "Gelu": return Gelu()
  case "HardSwish": return HardSwish()
  case "Softplus": return Softplus()
  case "Swish":
    var op = Swish()
    op.alpha = parameter(0, 1)
    return op
  case "Clip": return Clip()
  default: throw GraphError(.unsupported, "the activation ‘\(name)’ is not supported")
  }
}

extension Graph {
  /// Applies the activation of a fused layer to `x`.
  mutating func activate(_ x: Value, _ name: String, _ parameters: [Float]) throws(GraphError) -> Value {
    let op = try fusedActivation(name, parameters)
    guard op is Clip else { return try apply(op, x) }
    guard parameters.count == 2 else {
      throw GraphError(.attribute, "Clip takes two parameters, has \(parameters.count)")
    }
    let element = tensorType(of: x).element
    let bounds = parameters.map { element == .float16 ? Tensor.scalar(Float16($0)) : .scalar($0) }
    return try apply(op, x, constant(bounds[0]), constant(bounds[1]))
  }
}
