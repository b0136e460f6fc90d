import HoneIR
import HoneKernels

/// An operator that applies an activation to its result before storing it.
protocol ActivatedOp: Op {
  /// The name of an operator such as `Relu`; empty for none.
  var activation: String { get }
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
    case "": return .none
    case "Relu": return .relu
    case "Clip":
      return .clip(min: parameter(0, -.greatestFiniteMagnitude), max: parameter(1, .greatestFiniteMagnitude))
    case "LeakyRelu": return .leakyRelu(slope: parameter(0, 0.01))
    case "Sigmoid": return .sigmoid
    case "Tanh": return .tanh
    case "Gelu": return parameter(0, 0) == 0 ? .gelu : .geluTanh
    case "Swish":
      guard parameter(0, 1) == 1 else {
        throw GraphError(.unsupported, "has no kernel for Swish with alpha \(parameter(0, 1))")
      }
      return .silu
    case "HardSigmoid": return .hardSigmoid(alpha: parameter(0, 0.2), beta: parameter(1, 0.5))
    case "HardSwish": return .hardSwish
    default: throw GraphError(.unsupported, "has no kernel for activation ‘\(activation)’")
    }
  }

  /// Applies the activation as an operator of its own.
  func activate(_ x: Value, in g: inout Graph) throws(GraphError) -> Value {
    func named(_ names: String...) -> Attributes {
      Dictionary(uniqueKeysWithValues: zip(names, activation_params.map { Attribute.float($0) }))
    }
    switch activation {
    case "": return x
    case "Relu": return try g.apply(Relu(), x)
    case "Clip":
      let element = g.tensorType(of: x).element
      var operands: [Value?] = [x]
      for limit in activation_params { operands.append(g.constant(try .number(Double(limit), element))) }
      return try g.apply(Clip(), operands, resultCount: 1)[0]
    case "LeakyRelu": return try g.apply(try LeakyRelu(attributes: named("alpha")), x)
    case "Sigmoid": return try g.apply(Sigmoid(), x)
    case "Tanh": return try g.apply(Tanh(), x)
    case "Gelu":
      let attributes: Attributes = (activation_params.first ?? 0) == 0 ? [:] : ["approximate": .string("tanh")]
      return try g.apply(try Gelu(attributes: attributes), x)
    case "Swish": return try g.apply(try Swish(attributes: named("alpha")), x)
    case "HardSigmoid": return try g.apply(try HardSigmoid(attributes: named("alpha", "beta")), x)
    case "HardSwish": return try g.apply(HardSwish(), x)
    default: throw GraphError(.unsupported, "activation ‘\(activation)’ is not known")
    }
  }
}
