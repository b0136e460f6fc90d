public import HoneIR

/// Where a cache with room for `capacity` positions is written next.
///
/// Operands: how many positions are valid (int64 scalar), and a value whose axis `axis` counts those that come. Results: for
/// each of `batch` samples the first position to write and the end of what is valid then (int64), and that end as a scalar.
/// Where the new positions do not fit, nothing may be written: the run fails, and the length stays.
public struct CachePosition: ExecutableOp {
  public var axis = 0
  public var batch = 1
  public var capacity = 0
  public init() {}
  public init(axis: Int, batch: Int, capacity: Int) {
    (self.axis, self.batch, self.capacity) = (axis, batch, capacity)
  }
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    guard try call.tensor(0) == TensorType(.int64, [] as [Int]) else {
      throw GraphError(.type, "the length must be one int64, is \(try call.tensor(0))")
    }
    return [.tensor(.int64, [batch]), .tensor(.int64, [batch]), .tensor(.int64, [] as [Int])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(1)
    let count = sizes[try call.axis(axis, rank: sizes.count)]
    let (batch, capacity) = (batch, capacity)
    return Kernel(overwrites: [2: 0]) { frame in
      let length = Int(frame.operand(0, as: Int64.self)[0])
      let fits = length >= 0 && length <= capacity - count
      if !fits { frame.fail(.cacheIsFull) }
      // A start that no cache has keeps everything from being written.
      frame.result(0, as: Int64.self).update(repeating: fits ? Int64(length) : -1, count: batch)
      let end = fits ? length + count : min(max(length, 0), capacity)
      frame.result(1, as: Int64.self).update(repeating: Int64(end), count: batch)
      frame.result(2, as: Int64.self)[0] = Int64(fits ? end : length)
    }
  }
}
