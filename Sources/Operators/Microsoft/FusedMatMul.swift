public import HoneIR

extension Microsoft {
  /// y = alpha · op(a)·op(b), where op exchanges the last two axes or moves the first one behind the batch.
  public struct FusedMatMul: MicrosoftOp, CompositeOp {
    public var alpha: Float = 1
    public var transA = false
    public var transB = false
    public var transBatchA = false
    public var transBatchB = false
    public init() {}

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(2...2)
      let a = try arrange(try operands.required(0), transA, transBatchA, in: &g)
      let b = try arrange(try operands.required(1), transB, transBatchB, in: &g)
      let y = try g.apply(MatMul(), a, b)
      return [alpha == 1 ? y : try g.apply(Mul(), y, try g.scalar(Double(alpha), like: y))]
    }

    private func arrange(_ x: Value, _ matrix: Bool, _ batch: Bool, in g: inout Graph) throws(GraphError) -> Value {
      var x = x
      let rank = g.tensorType(of: x).rank
      if rank == 1 { return x }
      if batch {
        guard let rank, rank >= 3 else { throw GraphError(.type, "has no batch to transpose: \(g.tensorType(of: x))") }
        x = try g.transpose(x, Array(1...rank - 2) + [0, rank - 1])
      }
      return matrix ? try g.matrixTranspose(x) : x
    }
  }

  /// The former name of `FusedMatMul`.
  public struct TransposeMatMul: MicrosoftOp, ReplacedOp {
    public var alpha: Float = 1
    public var transA = false
    public var transB = false
    public init() {}
    public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
      node.type = FusedMatMul.name
    }
  }
}
