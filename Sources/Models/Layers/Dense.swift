public import HoneIR
import HoneOperators

/// y = x·W + b over the last axis.
///
/// `[rows, inputs]` becomes a `Gemm` with `weight` `[units, inputs]`; with more axes, `MatMul` and `Add` with `weight`
/// `[inputs, units]`.
public struct Dense: Layer {
  public var units: Int
  public var bias: Bool
  public var weightInitialization: Initialization
  public var biasInitialization: Initialization

  public init(
    _ units: Int, bias: Bool = true, weights: Initialization = .standard, biases: Initialization = .standard
  ) {
    (self.units, self.bias, weightInitialization, biasInitialization) = (units, bias, weights, biases)
  }

  public func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let rank = try network.rank(of: x)
    let inputs = try network.size(of: x, axis: rank - 1)
    let fans = Fans(incoming: inputs, outgoing: units)
    let isMatrix = rank == 2
    let weight = network.parameter(
      "weight", isMatrix ? [units, inputs] : [inputs, units], weightInitialization, fans: fans)
    let bias = bias ? network.parameter("bias", [units], biasInitialization, fans: fans) : nil
    guard isMatrix else {
      let product = try network.apply(MatMul(), x, weight)
      return try bias.map { bias throws(GraphError) in try network.apply(Add(), product, bias) } ?? product
    }
    var gemm = Gemm()
    gemm.transB = true
    return try network.apply(gemm, [x, weight] + (bias.map { [$0] } ?? []), resultCount: 1)[0]
  }
}
