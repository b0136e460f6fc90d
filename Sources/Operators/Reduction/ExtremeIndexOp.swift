public import HoneIR

/// An operator that gives the index of the largest or smallest element along an axis.
public protocol ExtremeIndexOp: ExecutableOp {
  var axis: Int { get }
  var keepdims: Bool { get }
  var select_last_index: Bool { get }
  static var isMaximum: Bool { get }
}

extension ExtremeIndexOp {
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard let shape = try call.shape(0) else { return [.tensor(.int64, nil)] }
    return [.tensor(.int64, reducedShape(shape, [try call.axis(axis, rank: shape.count)], keepdims))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    switch try call.element(0) {
    case .float32: return try kernel(call, Float.self)
    case .float64: return try kernel(call, Double.self)
    case .float16, .bfloat16:
      return try converted(call, to: .float32) { call throws(GraphError) in try kernel(call, Float.self) }
    case .int8: return try kernel(call, Int8.self)
    case .int16: return try kernel(call, Int16.self)
    case .int32: return try kernel(call, Int32.self)
    case .int64: return try kernel(call, Int64.self)
    case .uint8: return try kernel(call, UInt8.self)
    case .uint16: return try kernel(call, UInt16.self)
    case .uint32: return try kernel(call, UInt32.self)
    case .uint64: return try kernel(call, UInt64.self)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }

  private func kernel<T: Accumulable>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let layout = AxisLayout(sizes, axis: try call.axis(axis, rank: sizes.count))
    guard layout.count > 0 || layout.outer * layout.inner == 0 else { throw GraphError(.input, "the axis is empty") }
    let (isMaximum, isLast) = (Self.isMaximum, select_last_index)
    return Kernel(tasks: layout.outer) { frame, range in
      let x = frame.operand(0, as: T.self)
      let y = frame.result(0, as: Int64.self)
      for outer in range where layout.outer * layout.inner > 0 {
        let block = x + outer * layout.count * layout.inner
        let best = y + outer * layout.inner
        best.update(repeating: 0, count: layout.inner)
        for i in 1..<max(layout.count, 1) {
          let row = block + i * layout.inner
          for j in 0..<layout.inner {
            let (old, new) = (block[Int(best[j]) * layout.inner + j], row[j])
            if (isMaximum ? new > old : new < old) || (isLast && new == old) { best[j] = Int64(i) }
          }
        }
      }
    }
  }
}
