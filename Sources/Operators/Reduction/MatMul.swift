public import HoneIR
import HoneKernels

/// y = a · b, matrix products over broadcast leading axes; a vector is a matrix of one row (left) or one column (right)
public struct MatMul: ExecutableOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let (a, b) = (try call.tensor(0), try call.tensor(1))
    guard a.element == b.element else { throw GraphError(.type, "element types differ: \(a) · \(b)") }
    guard let left = a.shape, let right = b.shape else { return [.tensor(a.element, nil)] }
    guard let inner = left.last, right.count > 0 else {
      throw GraphError(.type, "scalars are not multiplied: \(a) · \(b)")
    }
    let depth = right.count > 1 ? right[right.count - 2] : right[0]
    if let x = inner.size, let y = depth.size, x != y { throw GraphError(.type, "inner sizes differ: \(a) · \(b)") }
    guard var shape = try broadcast([Array(left.dropLast(2)), Array(right.dropLast(2))]) else {
      return [.tensor(a.element, nil)]
    }
    if left.count > 1 { shape.append(left[left.count - 2]) }
    if right.count > 1 { shape.append(right[right.count - 1]) }
    return [.tensor(a.element, shape)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let product = try Self.product(try call.sizes(0), try call.sizes(1))
    switch try call.element(0) {
    case .float32: return try floatKernel(call, product)
    case .float16, .bfloat16:
      return try converted(call, to: .float32) { call throws(GraphError) in try floatKernel(call, product) }
    case .float64: return product.kernel(Double.self)
    case .int32: return product.kernel(Int32.self)
    case .int64: return product.kernel(Int64.self)
    case .uint32: return product.kernel(UInt32.self)
    case .uint64: return product.kernel(UInt64.self)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  private func floatKernel(_ call: Call, _ product: StridedProduct) throws(GraphError) -> Kernel {
    guard product.batch.a.count == 1, !product.isEmpty, product.m > 1 || product.n > 1, let plan = product.plan() else {
      return product.kernel(Float.self)
    }
    guard let weights = call.known(1) else {
      guard plan.gainsFromPacking else { return product.kernel(Float.self) }
      return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
        plan.run(
          tasks: range, a: frame.operand(0, as: Float.self), packed: UnsafeRawPointer(frame.workspace!),
          c: frame.result(0, as: Float.self), scratch: frame.scratch)
      }.after([plan.packing(operand: 1)], workspace: plan.packedByteCount)
    }
    let packed = try packedMatrix(weights, call, k: product.k, n: product.n)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, a: frame.operand(0, as: Float.self), b: packed, c: frame.result(0, as: Float.self),
        scratch: frame.scratch)
    }
    .absorbing(1)
  }

  /// The product of operands with these sizes. Where all matrices share B, the rows of A are one matrix.
  static func product(_ left: [Int], _ right: [Int]) throws(GraphError) -> StridedProduct {
    let (m, k) = (left.count > 1 ? left[left.count - 2] : 1, left[left.count - 1])
    let n = right.count > 1 ? right[right.count - 1] : 1
    let (leftBatch, rightBatch) = (left.dropLast(2), right.dropLast(2))
    if rightBatch.allSatisfy({ $0 == 1 }) { return StridedProduct(m: leftBatch.reduce(m, *), n: n, k: k) }
    return try batchedProduct(left, right)
  }

  /// The product of operands with these sizes, one matrix at a time.
  static func batchedProduct(_ left: [Int], _ right: [Int]) throws(GraphError) -> StridedProduct {
    let (m, k) = (left.count > 1 ? left[left.count - 2] : 1, left[left.count - 1])
    let n = right.count > 1 ? right[right.count - 1] : 1
    let (leftBatch, rightBatch) = (Array(left.dropLast(2)), Array(right.dropLast(2)))
    var product = StridedProduct(m: m, n: n, k: k)
    let rank = max(leftBatch.count, rightBatch.count)
    let padded = { (sizes: [Int]) in [Int](repeating: 1, count: rank - sizes.count) + sizes }
    let sizes = zip(padded(leftBatch), padded(rightBatch)).map { $0 == 1 ? $1 : $0 }
    let a = StridedAxes(sizes: sizes, strides: broadcastStrides(of: leftBatch, to: sizes))
    let b = StridedAxes(sizes: sizes, strides: broadcastStrides(of: rightBatch, to: sizes))
    let indices = 0..<sizes.reduce(1, *)
    product.batch = MatrixProduct.Batch(
      a: indices.map { a.offset($0) * m * k }, b: indices.map { b.offset($0) * k * n }, c: indices.map { $0 * m * n })
    return product
  }
}

/// `weights`, a constant [k × n] or, transposed, [n × k] matrix, packed once for all plans.
func packedMatrix(
  _ weights: Tensor, _ call: Call, k: Int, n: Int, transposed: Bool = false
) throws(GraphError) -> PackedMatrix {
  try call.weights.packed(weights, layout: "matrix \(k)×\(n)\(transposed ? "ᵀ" : "")") { tensor throws(GraphError) in
    tensor.withBytes { PackedMatrix($0.baseAddress!, k: k, n: n, transposed: transposed) }
  }
}

extension MatMul: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (a, b) = (node.operands[0]!, node.operands[1]!)
    let (left, right) = (try g.sizes(of: a), try g.sizes(of: b))
    let (rows, columns) = (left.count > 1 ? left : [1] + left, right.count > 1 ? right : right + [1])
    let (m, k, n) = (rows[rows.count - 2], rows[rows.count - 1], columns[columns.count - 1])
    if columns.dropLast(2).allSatisfy({ $0 == 1 }) {
      let all = rows.dropLast(2).reduce(m, *)
      let (x, w, z) = (try g.shaped(a, [all, k]), try g.shaped(b, [k, n]), try g.shaped(dy, [all, n]))
      var (forA, forB) = (Gemm(), Gemm())
      (forA.transB, forB.transA) = (true, true)
      return [try g.shaped(g.apply(forA, z, w), left), try g.shaped(g.apply(forB, x, z), right)]
    }
    let batch = Array(try g.sizes(of: node.result).prefix(max(left.count, right.count, 2) - 2))
    let (x, w, z) = (try g.shaped(a, rows), try g.shaped(b, columns), try g.shaped(dy, batch + [m, n]))
    var (forA, forB) = (Microsoft.FusedMatMul(), Microsoft.FusedMatMul())
    (forA.transB, forB.transA) = (true, true)
    return [
      try g.shaped(g.reduced(g.apply(forA, z, w), like: x), left),
      try g.shaped(g.reduced(g.apply(forB, x, z), like: w), right),
    ]
  }
}
