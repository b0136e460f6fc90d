import HoneIR
import HoneOperators

/// Brings activations and residual sums into the layers before them, as ONNX Runtime's fused operators.
public struct FuseActivations: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Self.fused("Relu(layer(x)) → fused layer", on: Relu.self),
        Self.fused("Sigmoid(layer(x)) → fused layer", on: Sigmoid.self),
        Self.fused("Tanh(layer(x)) → fused layer", on: Tanh.self),
        Self.fused("LeakyRelu(layer(x)) → fused layer", on: LeakyRelu.self),
        Self.fused("HardSigmoid(layer(x)) → fused layer", on: HardSigmoid.self),
        Self.fused("Clip(layer(x)) → fused layer", on: Clip.self),
      ]),
      .rules([
        Rule("Conv(x) + y → FusedConv(x, y)", on: Add.self) { (_, node, graph) throws(GraphError) in
          guard let (conv, layer, other) = graph.residual(node) else { return nil }
          return try graph.fuse(conv, layer, adding: other, nil, insteadOf: node)
        }
      ]),
    ]
  }

  private static func fused<O: Op>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) throws(GraphError) in
      guard let x = node.operands[0], let activation = Activation(node, in: graph) else { return nil }
      if let (conv, layer) = graph.soleProducer(of: x, as: Conv.self) {
        return try graph.fuse(conv, layer, adding: nil, activation, insteadOf: node)
      }
      if let (gemm, layer) = graph.soleProducer(of: x, as: Gemm.self) {
        return try graph.fuse(gemm, layer, activation, insteadOf: node)
      }
      if let (_, sum) = graph.soleProducer(of: x, as: Add.self), let (conv, layer, other) = graph.residual(sum) {
        return try graph.fuse(conv, layer, adding: other, activation, insteadOf: node)
      }
      return nil
    }
  }
}

extension Graph {
  /// The convolution that is one operand of `sum` and read there only, and the other operand, of the same type.
  fileprivate func residual(_ sum: Node) -> (conv: Conv, layer: Node, other: Value)? {
    guard sum.operands.count == 2, let a = sum.operands[0], let b = sum.operands[1], a != b, haveSameType(a, b) else {
      return nil
    }
    for (value, other) in [(b, a), (a, b)] where constant(other) == nil {
      if let (conv, layer) = soleProducer(of: value, as: Conv.self) { return (conv, layer, other) }
    }
    return nil
  }

  fileprivate mutating func fuse(
    _ conv: Conv, _ layer: Node, adding other: Value?, _ activation: Activation?, insteadOf node: Node
  ) throws(GraphError) -> Value? {
    guard element(of: layer.result) == .float32, let rank = rank(of: layer.result), (3...4).contains(rank) else {
      return nil
    }
    var fused = FusedConv(conv)
    if let activation { (fused.activation, fused.activation_params) = (activation.name, activation.parameters) }
    var operands = layer.operands
    if let other { operands = [operands[0], operands[1], operands.count > 2 ? operands[2] : nil, other] }
    return try apply(fused, operands, insteadOf: node)
  }

  fileprivate mutating func fuse(_ gemm: Gemm, _ layer: Node, _ activation: Activation, insteadOf node: Node)
    throws(GraphError) -> Value?
  {
    guard element(of: layer.result) == .float32, activation.name != "Clip" else { return nil }
    return try apply(FusedGemm(gemm, activation.name, activation.parameters), layer.operands, insteadOf: node)
  }
}
