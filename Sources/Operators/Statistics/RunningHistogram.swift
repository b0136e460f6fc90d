public import HoneIR
import HoneKernels

/// (x, state) → state: a histogram of fixed size whose range doubles, two bins becoming one, when values fall outside.
///
/// State, float64: [min, max, limit, counts of `bins` bins over −limit…limit].
public struct RunningHistogram: ExecutableOp, StatisticOp {
  public static let domain = "hone"
  public var bins = 4096
  public init() {}
  /// Numbers before the counts.
  public static let headerCount = 3

  public var initial: Tensor {
    Tensor([.infinity, -.infinity, 0] + [Double](repeating: 0, count: bins), shape: [Self.headerCount + bins])
  }
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(1))] }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    try requireFloats(call)
    let count = try call.sizes(0).reduce(1, *)
    let bins = bins
    return Kernel(scratch: 64 + bins * 16, overwrites: [0: 1]) { frame in
      let (old, state) = (frame.operand(1, as: Double.self), frame.result(0, as: Double.self))
      if UnsafePointer(state) != old { state.update(from: old, count: Self.headerCount + bins) }
      let range = frame.scratch.assumingMemoryBound(to: Float.self)
      (range[0], range[1]) = (.infinity, -.infinity)
      let x = frame.operand(0, as: Float.self)
      Statistics.widen(range, by: x, count: count)
      guard range[0] <= range[1] else { return }
      state[0] = min(state[0], Double(range[0]))
      state[1] = max(state[1], Double(range[1]))
      Self.widen(state, bins, to: Double(max(abs(range[0]), abs(range[1]))))
      let work = (frame.scratch + 64).assumingMemoryBound(to: UInt32.self)
      work.update(repeating: 0, count: bins * 4)
      Statistics.count(x, count: count, limit: Float(state[2]), bins: bins, work: work, into: state + Self.headerCount)
    }
  }

  /// Doubles the limit until it holds `magnitude`; the first limit is the least power of two that does.
  private static func widen(_ state: UnsafeMutablePointer<Double>, _ bins: Int, to magnitude: Double) {
    if state[2] == 0 {
      var limit = 1.0
      while limit < magnitude { limit *= 2 }
      while limit > magnitude, limit > 1e-30 { limit /= 2 }
      state[2] = limit < magnitude ? limit * 2 : limit
      return
    }
    let counts = state + headerCount
    while state[2] < magnitude {
      state[2] *= 2
      let half = bins / 2
      // Bins 2i and 2i + 1 of the old range lie in bin half/2 + i of the new one.
      for i in 0..<half / 2 { counts[half - 1 - i] = counts[half - 1 - 2 * i] + counts[half - 2 - 2 * i] }
      for i in 0..<half / 2 { counts[half + i] = counts[half + 2 * i] + counts[half + 2 * i + 1] }
      for i in 0..<half / 2 {
        counts[i] = 0
        counts[bins - 1 - i] = 0
      }
    }
  }
}
