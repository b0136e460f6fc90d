import HoneIR

/// Running combination of the elements along an axis.
struct Cumulation: Sendable {
  enum Operation: Sendable { case sum, product }
  var operation: Operation
  var reverse: Bool
  var exclusive: Bool

  func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.tensor(0))]
  }

  func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    guard let given = try call.requireIntegers(1, "the axis").first else {
      throw GraphError(.type, "the axis is missing")
    }
    let axis = try call.axis(given, rank: sizes.count)
    let lane = Lane(outer: sizes[..<axis].reduce(1, *), count: sizes[axis], inner: sizes[(axis + 1)...].reduce(1, *))
    switch (try call.element(0), operation) {
    case (.float32, .sum): return kernel(lane, Float(0)) { $0 + $1 }
    case (.float32, .product): return kernel(lane, Float(1)) { $0 * $1 }
    case (.float64, .sum): return kernel(lane, Double(0)) { $0 + $1 }
    case (.float64, .product): return kernel(lane, Double(1)) { $0 * $1 }
    case (.float16, .sum): return kernel(lane, Float16(0)) { $0 + $1 }
    case (.float16, .product): return kernel(lane, Float16(1)) { $0 * $1 }
    case (.bfloat16, .sum): return kernel(lane, BFloat16(0)) { BFloat16($0.float + $1.float) }
    case (.bfloat16, .product): return kernel(lane, BFloat16(1)) { BFloat16($0.float * $1.float) }
    case (.int32, .sum), (.uint32, .sum): return kernel(lane, UInt32(0)) { $0 &+ $1 }
    case (.int32, .product), (.uint32, .product): return kernel(lane, UInt32(1)) { $0 &* $1 }
    case (.int64, .sum), (.uint64, .sum): return kernel(lane, UInt64(0)) { $0 &+ $1 }
    case (.int64, .product), (.uint64, .product): return kernel(lane, UInt64(1)) { $0 &* $1 }
    case (let element, _): throw GraphError(.unsupported, "running \(operation) of \(element.rawValue)")
    }
  }

  private struct Lane: Sendable {
    var outer: Int
    var count: Int
    var inner: Int
  }

  private func kernel<T: TensorElement>(_ lane: Lane, _ identity: T, _ combine: @escaping @Sendable (T, T) -> T)
    -> Kernel
  {
    let (reverse, exclusive) = (reverse, exclusive)
    return Kernel(tasks: lane.outer) { frame, range in
      let block = lane.count * lane.inner
      for outer in range where outer < lane.outer && block > 0 {
        let x = frame.operand(0, as: T.self) + outer * block
        let y = frame.result(as: T.self) + outer * block
        for step in 0..<lane.count {
          let row = (reverse ? lane.count - 1 - step : step) * lane.inner
          let previous = reverse ? row + lane.inner : row - lane.inner
          for i in 0..<lane.inner {
            if step == 0 {
              y[row + i] = exclusive ? identity : x[row + i]
            } else {
              y[row + i] = combine(y[previous + i], exclusive ? x[previous + i] : x[row + i])
            }
          }
        }
      }
    }
  }
}
