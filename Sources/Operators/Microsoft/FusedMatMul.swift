public import HoneIR
import HoneKernels

extension Microsoft {
  /// y = alpha · op(a)·op(b), where op exchanges the last two axes or moves the first one behind the batch.
  public struct FusedMatMul: MicrosoftOp, ExecutableOp, CompositeOp {
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

    /// Matrices are read where they lie, transposed or not.
    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      var (left, right) = (try call.sizes(0), try call.sizes(1))
      let element = try call.element(0)
      guard !transBatchA, !transBatchB, left.count > 1, right.count > 1, element == .float32 else {
        throw .unsupported(element)
      }
      if transA { left.swapAt(left.count - 1, left.count - 2) }
      if transB { right.swapAt(right.count - 1, right.count - 2) }
      var product = try MatMul.batchedProduct(left, right)
      if transA { product.a = .init(row: 1, column: product.m) }
      if transB { product.b = .init(row: 1, column: product.k) }
      guard !product.isEmpty, let plan = product.plan(Epilogue(alpha: alpha)) else { throw .unsupported(element) }
      return StridedProduct.kernel(plan, a: 0, b: 1)
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

extension Microsoft.FusedMatMul: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    guard !transBatchA, !transBatchB, try g.sizes(of: a).count > 1, try g.sizes(of: b).count > 1 else {
      throw GraphError(.unsupported, "the gradient of a product of vectors or with moved batch axes is not known")
    }
    func product(_ transA: Bool, _ transB: Bool) -> Self {
      var op = Self()
      (op.alpha, op.transA, op.transB) = (alpha, transA, transB)
      return op
    }
    let da = try transA ? g.apply(product(transB, true), b, dy) : g.apply(product(false, !transB), dy, b)
    let db = try transB ? g.apply(product(true, transA), dy, a) : g.apply(product(!transA, false), a, dy)
    return [try g.reduced(da, like: a), try g.reduced(db, like: b)]
  }
}
