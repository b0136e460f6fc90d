import HoneIR

/// A kernel that maps blocks of elements as numbers; `map` is given the index of the first element.
func mapElements(
  _ call: Call, _ map: @escaping @Sendable (_ first: Int, _ numbers: UnsafeMutableBufferPointer<Double>) -> Void
) throws(GraphError) -> Kernel {
  let (reading, writing) = (try DoubleAccess(call.element(0)), try DoubleAccess(call.result().element))
  let count = try call.result().elementCount!
  let size = 1024
  let blocks = (count + size - 1) / size
  return Kernel(tasks: blocks, scratch: size * 8) { frame, range in
    let numbers = frame.scratch.assumingMemoryBound(to: Double.self)
    for task in range where task < blocks {
      let (first, length) = (task * size, min(size, count - task * size))
      reading.load(frame.operandBytes(0), from: first, count: length, into: numbers)
      map(first, UnsafeMutableBufferPointer(start: numbers, count: length))
      writing.store(numbers, count: length, into: frame.resultBytes(), from: first)
    }
  }
}
