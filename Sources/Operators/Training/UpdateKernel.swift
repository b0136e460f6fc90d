import HoneIR

/// Several tensors of one kind that are updated together: `[R, T, group 0…, group 1…, …]`, each group of `tensorCount`.
struct UpdateKernel: Sendable {
  let groupCount: Int
  let tensorCount: Int
  private let chunks: [(tensor: Int, range: Range<Int>)]
  private let element: ElementType
  private let rateElement: ElementType
  private static let chunkSize = 16384

  /// The types of the results: those of group 0, then of the groups from `firstState`.
  static func resultTypes(_ call: Call, groupCount: Int, firstState: Int) throws(GraphError) -> [ValueType] {
    let count = call.count - 2
    guard count > 0, count % groupCount == 0 else {
      throw GraphError(.arity, "takes R, T and a multiple of \(groupCount) tensors, has \(call.count) operands")
    }
    let tensorCount = count / groupCount
    var types: [ValueType] = []
    for group in [0] + Array(firstState..<groupCount) {
      for i in 0..<tensorCount { types.append(.tensor(try call.tensor(2 + group * tensorCount + i))) }
    }
    return types
  }

  init(_ call: Call, groupCount: Int) throws(GraphError) {
    self.groupCount = groupCount
    tensorCount = (call.count - 2) / groupCount
    element = try call.element(2)
    rateElement = try call.element(0)
    guard [.float32, .float64].contains(element), [.float32, .float64].contains(rateElement) else {
      throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
    var chunks: [(Int, Range<Int>)] = []
    for i in 0..<tensorCount {
      let type = try call.tensor(2 + i)
      for group in 0..<groupCount where try call.tensor(2 + group * tensorCount + i) != type {
        throw GraphError(.type, "tensor \(i) is \(type) and \(try call.tensor(2 + group * tensorCount + i))")
      }
      let count = type.elementCount!
      for start in stride(from: 0, to: count, by: Self.chunkSize) {
        chunks.append((i, start..<min(start + Self.chunkSize, count)))
      }
    }
    self.chunks = chunks
  }

  /// What a rule reads and writes: element `i` of each group of one tensor.
  struct Buffers<T: BinaryFloatingPoint> {
    let operands: UnsafeMutablePointer<UnsafePointer<T>>
    let results: UnsafeMutablePointer<UnsafeMutablePointer<T>?>
  }

  /// A kernel that calls `single` or `double` with the learning rate, the update count, buffers and a range of elements.
  func kernel(
    firstState: Int,
    single: @escaping @Sendable (Float, Int, Buffers<Float>, Range<Int>) -> Void,
    double: @escaping @Sendable (Double, Int, Buffers<Double>, Range<Int>) -> Void
  ) -> Kernel {
    var overwrites: [Int: Int] = [:]
    for i in 0..<tensorCount {
      overwrites[i] = 2 + i
      for group in firstState..<groupCount {
        overwrites[(group - firstState + 1) * tensorCount + i] = 2 + group * tensorCount + i
      }
    }
    return Kernel(tasks: chunks.count, overwrites: overwrites) { frame, range in
      for task in range where task < chunks.count {
        if element == .float32 {
          run(frame, chunks[task], firstState, single)
        } else {
          run(frame, chunks[task], firstState, double)
        }
      }
    }
  }

  private func run<T: BinaryFloatingPoint>(
    _ frame: borrowing Frame, _ chunk: (tensor: Int, range: Range<Int>), _ firstState: Int,
    _ rule: (T, Int, Buffers<T>, Range<Int>) -> Void
  ) {
    let rate =
      rateElement == .float32 ? T(frame.operand(0, as: Float.self)[0]) : T(frame.operand(0, as: Double.self)[0])
    let count = Int(frame.operand(1, as: Int64.self)[0])
    withUnsafeTemporaryAllocation(of: UnsafePointer<T>.self, capacity: groupCount) { operands in
      withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<T>?.self, capacity: groupCount) { results in
        for group in 0..<groupCount { operands[group] = frame.operand(2 + group * tensorCount + chunk.tensor) }
        results[0] = frame.hasResult(chunk.tensor) ? frame.result(chunk.tensor) : nil
        for group in firstState..<groupCount {
          let i = (group - firstState + 1) * tensorCount + chunk.tensor
          results[group - firstState + 1] = frame.hasResult(i) ? frame.result(i) : nil
        }
        rule(rate, count, Buffers(operands: operands.baseAddress!, results: results.baseAddress!), chunk.range)
      }
    }
  }
}
