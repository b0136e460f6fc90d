public import HoneIR
import HoneKernels

/// The cotangent of the operand of `Gather`: zeros of `sizes`, to which each slice of operand 0 is added along `axis` at
/// the place that operand 1 names.
///
/// Slices are added in the order of the indices, so that the result does not depend on the number of threads.
public struct GatherGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var axis = 0
  public var sizes: [Int] = []
  public init() {}
  public init(axis: Int, sizes: [Int]) { (self.axis, self.sizes) = (axis, sizes) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.tensor(0).with(shape: sizes.map { Dimension($0) }))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let axis = try call.axis(axis, rank: sizes.count)
    let (element, indices) = (try call.element(0), try call.tensor(1))
    let count = try call.sizes(1).product
    let reader = try IndexReader(indices.element)
    try ScatterReduction.add.expectSupport(for: element)
    let (outer, rows, inner) = (sizes[..<axis].reduce(1, *), sizes[axis], sizes[(axis + 1)...].reduce(1, *))
    guard try call.tensor(0).elementCount == outer * count * inner else {
      throw GraphError(.type, "\(try call.tensor(0)) are not \(count) slices of \(sizes) along axis \(axis)")
    }
    let parts = Parts(outer: outer, columns: inner, updates: count)
    let width = element.byteWidth
    return Kernel(tasks: outer * parts.columnBlocks * parts.rowParts) { frame, range in
      for task in range where task < outer * parts.columnBlocks * parts.rowParts {
        let (block, rest) = task.quotientAndRemainder(dividingBy: parts.columnBlocks * parts.rowParts)
        let (columnBlock, part) = rest.quotientAndRemainder(dividingBy: parts.rowParts)
        let first = columnBlock * parts.blockLength
        let columns = min(parts.blockLength, inner - first)
        let source = frame.operandBytes(0) + (block * count * inner + first) * width
        let target = frame.resultBytes() + (block * rows * inner + first) * width
        let isInside =
          element == .float32
          ? addRows(
            source.assumingMemoryBound(to: Float.self), to: target.assumingMemoryBound(to: Float.self), rowCount: rows,
            stride: inner, columns: columns, indices: frame.operandBytes(1), areWide: reader.isWide, count: count,
            part: part, of: parts.rowParts)
          : add(source, to: target, frame.operandBytes(1), columns, part)
        if !isInside { frame.fail(.indexOutOfRange) }
      }

      func add(
        _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ indices: UnsafeRawPointer, _ columns: Int,
        _ part: Int
      ) -> Bool {
        var isInside = true
        for i in 0..<count {
          guard let row = reader.read(indices, i, size: rows) else {
            isInside = false
            continue
          }
          guard row & (parts.rowParts - 1) == part else { continue }
          ScatterReduction.add.join(target + row * inner * width, source + i * inner * width, columns, element)
        }
        return isInside
      }
    }.after([.zeros(byteCount: sizes.product * width)], workspace: 0)
  }

  /// How the result is divided: blocks of columns, because the indices may name few rows often, and of narrow tables also
  /// rows, taken in turns.
  private struct Parts: Sendable {
    var blockLength: Int
    var columnBlocks: Int
    var rowParts = 1

    init(outer: Int, columns: Int, updates: Int) {
      let (wanted, least) = (16, 64)
      blockLength = max((columns + wanted - 1) / wanted, least)
      columnBlocks = max((columns + blockLength - 1) / blockLength, 1)
      guard updates * columns > 1 << 14 else { return }
      while outer * columnBlocks * rowParts < wanted { rowParts *= 2 }
    }
  }
}

extension Kernel.Stage {
  /// Fills result 0, of `byteCount` bytes, with zeros.
  static func zeros(byteCount: Int) -> Kernel.Stage {
    let part = 1 << 18
    return Kernel.Stage(tasks: (byteCount + part - 1) / part) { frame, range in
      let (first, end) = (range.lowerBound * part, min(range.upperBound * part, byteCount))
      guard first < end else { return }
      (frame.resultBytes() + first).initializeMemory(as: UInt8.self, repeating: 0, count: end - first)
    }
  }
}
