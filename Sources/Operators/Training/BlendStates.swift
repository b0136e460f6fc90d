public import HoneIR
import HoneKernels

/// old' = kept·old + taken·new for several float32 tensors, in place: running statistics, averages of weights, sums of
/// gradients.
///
/// Operands: a factor, what is kept beside `kept` (a scalar, absent for 1), the old tensors, the new ones. A factor that is
/// not finite leaves the old ones as they were.
public struct BlendStates: ExecutableOp {
  public var kept: [Float] = []
  public var taken: [Float] = []
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let count = (call.count - 2) / 2
    guard count > 0, call.count == 2 + 2 * count, kept.count == count, taken.count == count else {
      throw GraphError(.arity, "\(call.count) operands for \(kept.count) tensors")
    }
    return try (0..<count).map { i throws(GraphError) in
      let type = try call.tensor(2 + i)
      guard type.element == .float32, try call.tensor(2 + count + i) == type else {
        throw GraphError(
          .type, "\(type) and \(try call.tensor(2 + count + i)) are not two float32 tensors of one shape")
      }
      return .tensor(type)
    }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (kept, taken) = (kept, taken)
    let count = kept.count
    var counts: [Int] = []
    for i in 0..<count { counts.append(try call.sizes(2 + i).reduce(1, *)) }
    let chunks = UpdateLayout.chunks(counts)
    let hasShare = call.has(1)
    let overwrites = Dictionary(uniqueKeysWithValues: (0..<count).map { ($0, 2 + $0) })
    return Kernel(tasks: chunks.count, overwrites: overwrites) { frame, range in
      let isOpen = frame.operand(0, as: Float.self)[0].isFinite
      let share = hasShare ? frame.operand(1, as: Float.self)[0] : 1
      for task in range where task < chunks.count {
        let (i, start, size) = (chunks[task].weight, chunks[task].range.lowerBound, chunks[task].range.count)
        let old = frame.operand(2 + i, as: Float.self) + start
        let target = frame.result(i, as: Float.self) + start
        if isOpen {
          WeightUpdates.blend(
            old, frame.operand(2 + count + i) + start, kept: share * kept[i], taken: taken[i], count: size, into: target
          )
        } else if old != UnsafePointer(target) {
          target.update(from: old, count: size)
        }
      }
    }
  }
}
