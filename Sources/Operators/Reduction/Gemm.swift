public import HoneIR
import HoneKernels

/// y = alpha·op(a)·op(b) + beta·c, c broadcasting to the result
public struct Gemm: ExecutableOp, UpgradableOp {
  public var alpha: Float = 1
  public var beta: Float = 1
  public var transA = false
  public var transB = false
  public init() {}
  public static var since: Int { 7 }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["broadcast"] = nil
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let (a, b) = (try call.tensor(0), try call.tensor(1))
    guard a.element == b.element else { throw GraphError(.type, "element types differ: \(a) · \(b)") }
    for type in [a, b] where type.rank != nil && type.rank != 2 {
      throw GraphError(.type, "needs matrices, has \(a) · \(b)")
    }
    let m = a.shape?[transA ? 1 : 0] ?? call.unknownSize()
    let n = b.shape?[transB ? 0 : 1] ?? call.unknownSize()
    if let x = a.shape?[transA ? 0 : 1].size, let y = b.shape?[transB ? 1 : 0].size, x != y {
      throw GraphError(.type, "inner sizes differ: \(a)\(transA ? "ᵀ" : "") · \(b)\(transB ? "ᵀ" : "")")
    }
    return [.tensor(a.element, [m, n])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try floatKernel(call)
    case .float16, .bfloat16:
      return try converted(call, to: .float32) { call throws(GraphError) in try floatKernel(call) }
    case .float64: return try plainKernel(call, Double.self)
    case .int32: return try plainKernel(call, Int32.self)
    case .int64: return try plainKernel(call, Int64.self)
    case .uint32: return try plainKernel(call, UInt32.self)
    case .uint64: return try plainKernel(call, UInt64.self)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  private func product(_ call: Call) throws(GraphError) -> StridedProduct {
    let (a, b) = (try call.sizes(0), try call.sizes(1))
    var product = StridedProduct(m: transA ? a[1] : a[0], n: transB ? b[0] : b[1], k: transA ? a[0] : a[1])
    if transA { product.a = .init(row: 1, column: product.m) }
    if transB { product.b = .init(row: 1, column: product.k) }
    return product
  }

  /// Distances between neighbours of c, read as a matrix of the result's size; nil without c.
  private func addend(_ call: Call, m: Int, n: Int) throws(GraphError) -> StridedProduct.Matrix? {
    guard call.has(2), beta != 0 else { return nil }
    let sizes = try call.sizes(2)
    guard sizes.count <= 2, zip(sizes.reversed(), [n, m]).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw GraphError(.type, "c does not broadcast to the result: \(sizes) and \([m, n])")
    }
    let strides = broadcastStrides(of: sizes, to: [m, n])
    return .init(row: strides[0], column: strides[1])
  }

  private func floatKernel(_ call: Call) throws(GraphError) -> Kernel {
    let product = try product(call)
    let (m, n, k) = (product.m, product.n, product.k)
    guard !product.isEmpty else { return Kernel { _ in } }
    let plan = MatrixProduct(m: m, n: n, k: k, transposeA: transA, transposeB: transB, epilogue: Epilogue(alpha: alpha))
    let addend = try GemmAddend(call, strides: try addend(call, m: m, n: n), m: m, n: n, beta: beta)
    let offset = (plan.scratchByteCount + 63) / 64 * 64
    let byteCount = offset + addend.scratchByteCount
    if let weights = call.known(1) {
      let packed = try packedMatrix(weights, call, k: k, n: n, transposed: transB)
      return Kernel(tasks: plan.taskCount, scratch: byteCount) { frame, range in
        plan.run(
          tasks: range, a: frame.operand(0, as: Float.self), b: packed, c: frame.result(0, as: Float.self),
          operands: addend.operands(frame, scratch: frame.scratch + offset), scratch: frame.scratch)
      }
      .absorbing(1)
    }
    if plan.gainsFromPacking {
      return Kernel(tasks: plan.taskCount, scratch: byteCount) { frame, range in
        plan.run(
          tasks: range, a: frame.operand(0, as: Float.self), packed: UnsafeRawPointer(frame.workspace!),
          c: frame.result(0, as: Float.self), operands: addend.operands(frame, scratch: frame.scratch + offset),
          scratch: frame.scratch)
      }.after([plan.packing(operand: 1)], workspace: plan.packedByteCount)
    }
    return Kernel(tasks: plan.taskCount, scratch: byteCount) { frame, range in
      plan.run(
        tasks: range, a: frame.operand(0, as: Float.self), b: frame.operand(1, as: Float.self),
        c: frame.result(0, as: Float.self), operands: addend.operands(frame, scratch: frame.scratch + offset),
        scratch: frame.scratch)
    }
  }

  private func plainKernel<T: Accumulable>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let product = try product(call)
    let (m, n) = (product.m, product.n)
    let addend = try addend(call, m: m, n: n)
    let (alpha, beta) = (Double(alpha), Double(beta))
    return Kernel(tasks: m) { frame, range in
      let (a, b, y) = (frame.operand(0, as: T.self), frame.operand(1, as: T.self), frame.result(0, as: T.self))
      for i in range where !product.isEmpty {
        let row = y + i * n
        product.row(a + i * product.a.row, b, row)
        if alpha != 1 { for j in 0..<n { row[j] = T(converting: row[j].double * alpha) } }
        guard let addend else { continue }
        let c = frame.operand(2, as: T.self) + i * addend.row
        for j in 0..<n {
          let value = c[j * addend.column]
          row[j] = T.multiplyAdd(1, beta == 1 ? value : T(converting: value.double * beta), row[j])
        }
      }
    }
  }
}

extension Gemm: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    func product(_ transA: Bool, _ transB: Bool) -> Gemm {
      var op = Gemm()
      (op.alpha, op.transA, op.transB) = (alpha, transA, transB)
      return op
    }
    let da = try transA ? g.apply(product(transB, true), b, dy) : g.apply(product(false, !transB), dy, b)
    let db = try transB ? g.apply(product(true, transA), dy, a) : g.apply(product(!transA, false), a, dy)
    guard let c = node.operands.optional(2) else { return [da, db] }
    let dc = try g.reduced(dy, like: c)
    return [da, db, beta == 1 ? dc : try g.apply(Mul(), dc, g.number(Double(beta), like: dc))]
  }
}

extension MatrixProduct {
  /// The stage that packs `operand`, which is B.
  func packing(operand: Int) -> Kernel.Stage {
    Kernel.Stage(tasks: packTaskCount) { frame, range in
      pack(tasks: range, b: frame.operand(operand, as: Float.self), into: frame.workspace!)
    }
  }
}
