import HoneIR
import HoneKernels

extension Attention {
  /// The kernel for bfloat16 operands of which at most a float32 mask is added and the future is hidden, with one result.
  func narrowKernel(_ call: Call, _ columns: AttentionColumns? = nil) throws(GraphError) -> Kernel? {
    let elements = [try call.element(0), try call.element(1), try call.element(2)]
    guard elements.allSatisfy({ $0 == .bfloat16 }), softcap == 0, left_window_size < 0, right_window_size < 0,
      !(4...6).contains(where: call.has),
      !(1...3).contains(where: call.isUsed)
    else { return nil }
    let layout = try AttentionLayout(call, self, columns)
    guard layout.batch * layout.queries * layout.keys * layout.depth * layout.width > 0, layout.depth % 2 == 0,
      !is_causal || layout.queries == layout.keys
    else { return nil }
    var mask = BFloat16Attention.Strides(batch: 0, head: 0, position: 0)
    if call.has(3) {
      let (sizes, target) = (try call.sizes(3), [layout.batch, layout.queryHeads, layout.queries])
      guard try call.element(3) == .float32, sizes.last == layout.keys, sizes.count <= 4,
        zip(sizes.dropLast().reversed(), target.reversed()).allSatisfy({ $0 == $1 || $0 == 1 })
      else { return nil }
      let strides = broadcastStrides(of: sizes, to: target + [layout.keys])
      mask = BFloat16Attention.Strides(batch: strides[0], head: strides[1], position: strides[2])
    }
    let plan = BFloat16Attention(
      batch: layout.batch, heads: layout.queryHeads, keyHeads: layout.keyHeads, queries: layout.queries,
      keys: layout.keys, width: layout.depth, valueWidth: layout.width,
      scale: scale ?? 1 / Float(layout.depth).squareRoot(), isCausal: is_causal, q: layout.q.strides,
      k: layout.k.strides, v: layout.v.strides, y: layout.y.strides, mask: mask)
    let (hasMask, q, k, v) = (call.has(3), layout.q.first, layout.k.first, layout.v.first)
    return Kernel(tasks: plan.taskCount, scratch: plan.scratchByteCount) { frame, range in
      plan.run(
        tasks: range, q: frame.operand(0) + q, k: frame.operand(1) + k, v: frame.operand(2) + v,
        mask: hasMask ? frame.operand(3) : nil, y: frame.result(), scratch: frame.scratch)
    }
  }
}
