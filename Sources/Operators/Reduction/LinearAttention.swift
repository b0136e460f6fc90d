public import HoneIR

/// Attention with a recurrent state S of keys × values per head instead of a softmax over positions.
///
/// S ← exp(decay)·S + k ⊗ v′ and y = scale·qᵀS, where v′ = v or, in delta rules, beta·(v − Sᵀk).
public struct LinearAttention: RowKernelOp, RequiringOp {
  public var chunk_size = 64
  public var kv_num_heads = 0
  public var q_num_heads = 0
  public var scale: Float = 0
  public var update_rule = UpdateRule.gated_delta
  public init() {}
  public static var since: Int { 27 }
  public static let required = ["kv_num_heads", "q_num_heads"]

  public enum UpdateRule: String, Sendable, Hashable, Codable {
    case linear, gated, delta, gated_delta
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...6)
    guard kv_num_heads > 0, q_num_heads > 0, q_num_heads % kv_num_heads == 0 else {
      throw GraphError(.attribute, "\(q_num_heads) query heads are no multiple of \(kv_num_heads) key heads")
    }
    let isGated = update_rule == .gated || update_rule == .gated_delta
    let isDelta = update_rule == .delta || update_rule == .gated_delta
    guard call.has(4) == isGated, call.has(5) == isDelta else {
      throw GraphError(
        .arity, "rule \(update_rule.rawValue) takes \(isGated ? "a" : "no") decay and \(isDelta ? "a" : "no") beta")
    }
    let (query, key, value) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    for type in [query, key, value] where type.rank != nil && type.rank != 3 {
      throw GraphError(.type, "needs 3 axes: \(type)")
    }
    var (output, state): ([Dimension]?, [Dimension]?)
    if let q = query.shape, let v = value.shape {
      let (depth, width) = (q[2] / Dimension(q_num_heads), v[2] / Dimension(kv_num_heads))
      output = [q[0], q[1], width * Dimension(q_num_heads)]
      state = [q[0], Dimension(kv_num_heads), depth, width]
    }
    let stateElement = call.has(3) ? try call.element(3) : query.element
    let all: [ValueType] = [.tensor(query.element, output), .tensor(stateElement, state)]
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let step = try LinearAttentionStep(call, self)
    let resultCount = call.results.count
    return Kernel(tasks: step.batch * kv_num_heads, scratch: step.scratchCount * MemoryLayout<T>.stride) {
      frame, range in
      let scratch = frame.scratch.assumingMemoryBound(to: T.self)
      for task in range where step.batch > 0 {
        let hasState = resultCount > 1 && frame.hasResult(1)
        let size = step.depth * step.width
        let state = hasState ? frame.result(1, as: T.self) + task * size : scratch + step.width
        if step.hasPast {
          state.update(from: frame.operand(3, as: T.self) + task * size, count: size)
        } else {
          state.update(repeating: 0, count: size)
        }
        for t in 0..<step.length {
          step.update(frame, state, scratch, batch: task / step.keyHeads, head: task % step.keyHeads, t)
          step.read(frame, UnsafePointer(state), batch: task / step.keyHeads, head: task % step.keyHeads, t)
        }
      }
    }
  }
}
