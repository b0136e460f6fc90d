import HoneIR
import HoneKernels

extension ElementType {
  /// Bytes of an element that has whole bytes.
  var byteWidth: Int { bitWidth / 8 }
}

extension Range<Int> {
  /// The items that a range of tasks covers, if each task is `grouped` of `count` items.
  func items(_ grouped: Int, of count: Int) -> Range<Int> {
    let first = Swift.min(lowerBound * grouped, count)
    return first..<Swift.max(first, Swift.min(upperBound * grouped, count))
  }
}

/// Strided copies between operands and results that together make a kernel.
struct CopyList: Sendable {
  private struct Part: Sendable {
    var copy: StridedCopy
    var operand: Int
    var source: Int
    var result: Int
    var destination: Int
    var firstTask: Int
  }
  private var parts: [Part] = []
  private var tasks = 0

  /// Adds a copy of an array of `sizes`; strides and offsets count elements `width` bytes wide.
  mutating func add(
    _ sizes: [Int], operand: Int = 0, from source: [Int], at sourceOffset: Int = 0, result: Int = 0,
    to destination: [Int],
    placedAt destinationOffset: Int = 0, width: Int
  ) throws(GraphError) {
    let copy = StridedCopy(
      sizes: sizes, source: source.map { $0 * width }, destination: destination.map { $0 * width }, width: width)
    guard let copy else {
      throw GraphError(.unsupported, "more than \(StridedCopy.axisLimit) axes that cannot be merged")
    }
    parts.append(
      Part(
        copy: copy, operand: operand, source: sourceOffset * width, result: result,
        destination: destinationOffset * width,
        firstTask: tasks))
    tasks += copy.tasks
  }

  func kernel() -> Kernel {
    let parts = parts
    return Kernel(tasks: tasks) { frame, range in
      for part in parts {
        let first = max(range.lowerBound, part.firstTask)
        let end = min(range.upperBound, part.firstTask + part.copy.tasks)
        guard first < end, frame.hasResult(part.result) else { continue }
        part.copy.copy(
          from: frame.operandBytes(part.operand) + part.source, to: frame.resultBytes(part.result) + part.destination,
          tasks: first - part.firstTask..<end - part.firstTask)
      }
    }
  }
}

/// The kernel of an operator that only changes the shape of operand 0.
func viewKernel(_ call: Call) throws(GraphError) -> Kernel {
  let (source, type) = (try call.tensor(0), try call.result())
  guard source.elementCount == type.elementCount else { throw GraphError(.type, "\(source) cannot become \(type)") }
  return .view
}
