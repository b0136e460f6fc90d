public import HoneIR

extension Microsoft {
  /// y = activation(alpha · op(a)·op(b) + beta · c)
  public struct FusedGemm: MicrosoftOp, CompositeOp, ActivatedOp {
    public var activation = ""
    public var activation_alpha: Float?
    public var activation_beta: Float?
    public var activation_gamma: Float?
    public var alpha: Float = 1
    public var beta: Float = 1
    public var transA = false
    public var transB = false
    public init() {}

    var activation_params: [Float] { [activation_alpha, activation_beta, activation_gamma].compactMap { $0 } }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      var gemm = Gemm()
      (gemm.alpha, gemm.beta, gemm.transA, gemm.transB) = (alpha, beta, transA, transB)
      return [try activate(try g.apply(gemm, operands, resultCount: 1)[0], in: &g)]
    }
  }
}
