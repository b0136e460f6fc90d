public import HoneIR
import HoneKernels

/// y = alpha · op(a)·op(b) + bias in float32, for a of bfloat16 and b of bfloat16 or, rounded when it is packed, of float32.
///
/// op exchanges the last two axes. Of matrices, a may have leading axes unless it is transposed; batches are matrices over
/// equal leading axes of a and b. Made by lowering graphs that are trained, after their gradients, and never exported.
public struct BFloat16MatMul: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var alpha: Float = 1
  public var transA = false
  public var transB = false
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let (a, b) = (try call.tensor(0), try call.tensor(1))
    guard a.element == .bfloat16, b.element == .bfloat16 || b.element == .float32 else {
      throw GraphError(.type, "needs bfloat16 operands, has \(a) · \(b)")
    }
    guard var shape = a.shape, let right = b.shape else { return [.tensor(.float32, nil)] }
    guard shape.count >= 2, right.count == 2 && (!transA || shape.count == 2) || right.count == shape.count else {
      throw GraphError(.type, "needs matrices or batches of them, has \(a) · \(b)")
    }
    if transA { shape.swapAt(shape.count - 1, shape.count - 2) }
    let columns = transB ? right[right.count - 2] : right[right.count - 1]
    let depth = transB ? right[right.count - 1] : right[right.count - 2]
    if let x = shape.last?.size, let y = depth.size, x != y {
      throw GraphError(.type, "inner sizes differ: \(a) · \(b)")
    }
    if right.count > 2, shape.dropLast(2) != right.dropLast(2) {
      throw GraphError(.type, "batches differ: \(a) · \(b)")
    }
    return [.tensor(.float32, shape.dropLast() + [columns])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (left, right) = (try call.sizes(0), try call.sizes(1))
    let n = right[right.count - (transB ? 2 : 1)], k = right[right.count - (transB ? 1 : 2)]
    guard !left.contains(0), !right.contains(0) else {
      throw GraphError(.unsupported, "has no kernel for empty operands")
    }
    if call.has(2), try call.sizes(2) != [n] {
      throw GraphError(.type, "the bias must be a vector of \(n): \(try call.tensor(2))")
    }
    let isNarrow = try call.element(1) == .bfloat16
    guard right.count == 2 else { return try batched(call, left, n: n, k: k, isNarrow ? .bfloat16 : .float32) }
    guard transA else {
      return product(
        m: left.dropLast().reduce(1, *), n: n, k: k, isNarrow ? .bfloat16 : .float32, hasBias: call.has(2))
    }
    guard !transB, isNarrow, !call.has(2) else { throw GraphError(.unsupported, "has no kernel for aᵀ · bᵀ") }
    return BFloat16WeightGradient(m: left[1], n: n, depth: k, alpha: alpha).kernel
  }

  private func product(m: Int, n: Int, k: Int, _ type: HalfOrFloat, hasBias: Bool) -> Kernel {
    let plan = BFloat16Product(m: m, n: n, k: k, cType: .float32, epilogue: Epilogue(alpha: alpha))
    let packing = plan.packing
    let (row, column) = transB ? (1, k) : (n, 1)
    let pack = Kernel.Stage(tasks: packing.taskCount) { frame, range in
      packing.pack(
        tasks: range, from: .init(frame.operandBytes(1), type, rowStride: row, columnStride: column),
        into: frame.workspace!, scratch: frame.scratch)
    }
    return Kernel(tasks: plan.taskCount, scratch: max(plan.scratchByteCount, packing.scratchByteCount)) {
      frame, range in
      plan.run(
        tasks: range, a: frame.operandBytes(0), packed: UnsafeRawPointer(frame.workspace!), c: frame.resultBytes(),
        operands: EpilogueOperands(bias: hasBias ? frame.operand(2, as: Float.self) : nil), scratch: frame.scratch)
    }.after([pack], workspace: packing.byteCount)
  }

  /// A task per matrix: both operands are packed beside each other.
  private func batched(_ call: Call, _ left: [Int], n: Int, k: Int, _ type: HalfOrFloat) throws(GraphError) -> Kernel {
    guard !call.has(2) else { throw GraphError(.unsupported, "has no kernel for batches with a bias") }
    let m = left[left.count - (transA ? 1 : 2)], count = left.dropLast(2).reduce(1, *)
    let plan = BFloat16Product(
      m: m, n: n, k: k, cType: .float32, aStride: transA ? k + k % 2 : k, epilogue: Epilogue(alpha: alpha))
    let packing = plan.packing
    let (row, column) = transB ? (1, k) : (n, 1)
    let turning = transA ? BFloat16Turning(rows: k, columns: m) : nil
    let packed = packing.byteCount, turned = packed + (turning?.byteCount ?? 0)
    let scratch = turned + max(plan.scratchByteCount, packing.scratchByteCount, turning?.scratchByteCount ?? 0)
    return Kernel(tasks: count, scratch: scratch) { frame, range in
      let (own, spare) = (frame.scratch, frame.scratch + turned)
      for matrix in range {
        let b = frame.operandBytes(1) + matrix * n * k * (type == .bfloat16 ? 2 : 4)
        packing.pack(
          tasks: 0..<packing.taskCount, from: .init(b, type, rowStride: row, columnStride: column), into: own,
          scratch: spare)
        var a = frame.operandBytes(0) + matrix * m * k * 2
        if let turning {
          turning.run(a.assumingMemoryBound(to: UInt16.self), into: own + packed, scratch: spare)
          a = UnsafeRawPointer(own + packed)
        }
        plan.run(
          tasks: 0..<plan.taskCount, a: a, packed: own, c: frame.resultBytes() + matrix * m * n * 4, scratch: spare)
      }
    }
  }
}
