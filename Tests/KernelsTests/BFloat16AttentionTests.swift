import HoneKernels
import Testing

struct BFloat16AttentionTests {
  typealias Case = ScaledDotProductAttentionTests.Case

  static let cases = [
    Case(batch: 2, heads: 3, keyHeads: 3, queries: 17, keys: 17, width: 16, valueWidth: 16),
    Case(batch: 1, heads: 4, keyHeads: 2, queries: 5, keys: 70, width: 8, valueWidth: 20, hasMask: true),
    Case(batch: 2, heads: 2, keyHeads: 1, queries: 100, keys: 130, width: 34, valueWidth: 64, isCausal: true),
    Case(batch: 1, heads: 1, keyHeads: 1, queries: 1, keys: 300, width: 64, valueWidth: 64, hasMask: true),
  ]

  @Test(arguments: InstructionSet.available, cases)
  func `attention matches the definition in both layouts`(set: InstructionSet, c: Case) {
    var random = Random(UInt64(c.keys))
    let q = Guarded(random.floats(c.batch * c.heads * c.queries * c.width).map(bfloat16))
    let k = Guarded(random.floats(c.batch * c.keyHeads * c.keys * c.width).map(bfloat16))
    let v = Guarded(random.floats(c.batch * c.keyHeads * c.keys * c.valueWidth).map(bfloat16))
    let mask = Guarded(random.floats(c.batch * c.queries * c.keys))
    let y = Guarded([UInt16](repeating: 0x7fc0, count: c.batch * c.heads * c.queries * c.valueWidth))
    typealias Strides = BFloat16Attention.Strides
    let (qs, ks) = (
      Strides.positionMajor(heads: c.heads, positions: c.queries, width: c.width),
      Strides.headMajor(heads: c.keyHeads, positions: c.keys, width: c.width)
    )
    let (vs, ys) = (
      Strides.positionMajor(heads: c.keyHeads, positions: c.keys, width: c.valueWidth),
      Strides.headMajor(heads: c.heads, positions: c.queries, width: c.valueWidth)
    )
    let plan = BFloat16Attention(
      batch: c.batch, heads: c.heads, keyHeads: c.keyHeads, queries: c.queries, keys: c.keys, width: c.width,
      valueWidth: c.valueWidth, scale: 1 / Float(c.width).squareRoot(), isCausal: c.isCausal, q: qs, k: ks, v: vs,
      y: ys,
      mask: .init(batch: c.queries * c.keys, head: 0, position: c.keys), instructionSet: set)
    ConvolutionTests.run(taskCount: plan.taskCount, scratchByteCount: plan.scratchByteCount) { tasks, scratch in
      plan.run(
        tasks: tasks, q: q.pointer, k: k.pointer, v: v.pointer, mask: c.hasMask ? UnsafePointer(mask.pointer) : nil,
        y: y.pointer, scratch: scratch)
    }
    var worst = 0.0
    for b in 0..<c.batch {
      for h in 0..<c.heads {
        let keyHead = h / (c.heads / c.keyHeads)
        for i in 0..<c.queries {
          let visible = c.isCausal ? i + c.keys - c.queries + 1 : c.keys
          let scores = (0..<visible).map { j -> Double in
            let dot = (0..<c.width).reduce(0.0) { sum, d in
              sum + Double(float(q.pointer[b * qs.batch + h * qs.head + i * qs.position + d]))
                * Double(float(k.pointer[b * ks.batch + keyHead * ks.head + j * ks.position + d]))
            }
            let bias = c.hasMask ? Double(mask.pointer[(b * c.queries + i) * c.keys + j]) : 0
            return dot / Double(c.width).squareRoot() + bias
          }
          let most = scores.max()!
          let exponentials = scores.map { exponential($0 - most) }
          let weights = exponentials.map { $0 / exponentials.reduce(0, +) }
          for d in 0..<c.valueWidth {
            let expected = weights.indices.reduce(0.0) {
              $0 + weights[$1] * Double(float(v.pointer[b * vs.batch + keyHead * vs.head + $1 * vs.position + d]))
            }
            let result = Double(float(y.pointer[b * ys.batch + h * ys.head + i * ys.position + d]))
            worst = result.isNaN ? .infinity : max(worst, abs(result - expected))
          }
        }
      }
    }
    #expect(worst < 1e-2)
  }
}
