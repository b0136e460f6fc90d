import HoneIR

/// One position of one key head of linear attention.
struct LinearAttentionStep: Sendable {
  var batch, length, depth, width, keyHeads, group: Int
  var hasPast: Bool
  private let hasDecay, hasBeta: Bool
  /// Values of the decay per position and head: 1, or one for each key feature.
  private let decayWidth: Int
  private let betaHeads: Int
  private let scale: Float

  init(_ call: Call, _ op: LinearAttention) throws(GraphError) {
    let (query, key, value) = (try call.sizes(0), try call.sizes(1), try call.sizes(2))
    (batch, length, keyHeads, group) = (query[0], query[1], op.kv_num_heads, op.q_num_heads / op.kv_num_heads)
    (depth, width) = (query[2] / op.q_num_heads, value[2] / keyHeads)
    (hasPast, hasDecay, hasBeta) = (call.has(3), call.has(4), call.has(5))
    scale = op.scale == 0 ? 1 / Float(depth).squareRoot() : op.scale
    guard query[2] == depth * op.q_num_heads, key == [batch, length, depth * keyHeads],
      value == [batch, length, width * keyHeads]
    else { throw GraphError(.type, "query, key and value do not fit: \(query), \(key), \(value)") }
    if hasPast, try call.sizes(3) != [batch, keyHeads, depth, width] {
      throw GraphError(.type, "the state must be \([batch, keyHeads, depth, width]), is \(try call.sizes(3))")
    }
    let decay = hasDecay ? try call.sizes(4) : [batch, length, keyHeads]
    decayWidth = decay.last == keyHeads ? 1 : depth
    betaHeads = hasBeta ? try call.sizes(5).last ?? 0 : 1
    guard decay == [batch, length, keyHeads * decayWidth], betaHeads == 1 || betaHeads == keyHeads else {
      throw GraphError(.type, "decay or beta do not fit \(keyHeads) heads: \(decay), \(betaHeads)")
    }
  }

  /// Elements of a value, then of a state.
  var scratchCount: Int { width + depth * width }

  func update<T: RowElement>(
    _ frame: borrowing Frame, _ state: UnsafeMutablePointer<T>, _ change: UnsafeMutablePointer<T>, batch: Int,
    head: Int, _ t: Int
  ) {
    let row = (batch * length + t) * keyHeads + head
    let key = frame.operand(1, as: T.self) + row * depth
    let value = frame.operand(2, as: T.self) + row * width
    if hasDecay {
      let decay = frame.operand(4, as: T.self) + row * decayWidth
      for d in 0..<depth {
        let factor = T.exp(decay[decayWidth == 1 ? 0 : d])
        for j in 0..<width { state[d * width + j] *= factor }
      }
    }
    change.update(from: value, count: width)
    if hasBeta {
      let beta = frame.operand(5, as: T.self)[(batch * length + t) * betaHeads + (betaHeads == 1 ? 0 : head)]
      for d in 0..<depth { for j in 0..<width { change[j] -= state[d * width + j] * key[d] } }
      for j in 0..<width { change[j] *= beta }
    }
    for d in 0..<depth { for j in 0..<width { state[d * width + j] += key[d] * change[j] } }
  }

  func read<T: RowElement>(_ frame: borrowing Frame, _ state: UnsafePointer<T>, batch: Int, head: Int, _ t: Int) {
    for g in 0..<group {
      let row = (batch * length + t) * keyHeads * group + head * group + g
      let query = frame.operand(0, as: T.self) + row * depth
      let target = frame.result(0, as: T.self) + row * width
      target.update(repeating: 0, count: width)
      for d in 0..<depth {
        let factor = query[d] * T(scale)
        for j in 0..<width { target[j] += factor * state[d * width + j] }
      }
    }
  }
}
