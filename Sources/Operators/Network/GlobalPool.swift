import HoneIR

/// `[N, C, 1, …]` for operand 0 of `[N, C, …]`.
func globallyPooled(_ call: Call) throws(GraphError) -> [ValueType] {
  try call.expectOperands(1...1)
  let type = try call.tensor(0)
  guard type.element.isFloatingPoint else {
    throw GraphError(.type, "operand 0 must be of a floating-point type: \(type)")
  }
  guard let shape = type.shape else { return [.tensor(type)] }
  guard shape.count >= 2 else { throw GraphError(.type, "has no channel axis: \(type)") }
  return [.tensor(type.element, shape.prefix(2) + shape.dropFirst(2).map { _ in 1 })]
}

/// Folds each plane of `[N, C, …]` to one element.
func foldPlanes<T: RealElement>(
  _ call: Call, _: T.Type, _ fold: @escaping @Sendable (UnsafeBufferPointer<T>) -> T.Real
) throws(GraphError) -> Kernel {
  let sizes = try call.sizes(0)
  let count = sizes.dropFirst(2).reduce(1, *)
  return Kernel(tasks: sizes[0] * sizes[1]) { frame, range in
    let x = frame.operand(0, as: T.self)
    let y = frame.result(0, as: T.self)
    for plane in range { y[plane] = T(real: fold(UnsafeBufferPointer(start: x + plane * count, count: count))) }
  }
}
