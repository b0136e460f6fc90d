import HoneIR
import HoneKernels

extension Attention {
  /// The kernel for bfloat16 operands of which at most a float32 mask is added and the future, or what is behind the valid
  /// keys, is hidden, with one result.
  func narrowKernel(_ call: Call, _ layout: AttentionLayout) throws(GraphError) -> Kernel? {
    let elements = [try call.element(0), try call.element(1), try call.element(2)]
    guard elements.allSatisfy({ $0 == .bfloat16 }), try isPlain(call, layout), layout.depth % 2 == 0,
      let mask = try maskStrides(call, layout)
    else { return nil }
    let plan = BFloat16Attention(
      batch: layout.batch, heads: layout.queryHeads, keyHeads: layout.keyHeads, queries: layout.queries,
      keys: layout.keys, width: layout.depth, valueWidth: layout.width,
      scale: scale ?? 1 / Float(layout.depth).squareRoot(), isCausal: is_causal, q: layout.q.strides,
      k: layout.k.strides, v: layout.v.strides, y: layout.y.strides, mask: mask)
    let (hasMask, hasCounts) = (call.has(3), call.has(6))
    let (q, k, v) = (layout.q.first, layout.k.first, layout.v.first)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, counts: hasCounts ? frame.operand(6) : nil, q: frame.operand(0) + q, k: frame.operand(1) + k,
        v: frame.operand(2) + v, mask: hasMask ? frame.operand(3) : nil, y: frame.result(), scratch: frame.scratch)
    }
  }
}
