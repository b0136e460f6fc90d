public import HoneIR

/// activation(alpha·A·B + beta·C)
public struct FusedGemm: CompositeOp {
  public var activation: String?
  public var activation_alpha: Float?
  public var activation_beta: Float?
  public var activation_gamma: Float?
  public var alpha: Float = 1
  public var beta: Float = 1
  public var transA = false
  public var transB = false
  public init() {}
  public static var domain: String { "com.microsoft" }

  public init(_ gemm: Gemm, _ activation: String, _ parameters: [Float]) {
    (alpha, beta, transA, transB) = (gemm.alpha, gemm.beta, gemm.transA, gemm.transB)
    self.activation = activation
    if parameters.count > 0 { activation_alpha = parameters[0] }
    if parameters.count > 1 { activation_beta = parameters[1] }
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    var gemm = Gemm()
    (gemm.alpha, gemm.beta, gemm.transA, gemm.transB) = (alpha, beta, transA, transB)
    let y = try g.apply(gemm, operands, resultCount: 1)[0]
    guard let activation else { return [y] }
    return [try g.activate(y, activation, [activation_alpha, activation_beta].compactMap { $0 })]
  }
}
