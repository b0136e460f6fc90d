import HoneIR
import HoneKernels

/// How indices are stored: 32 or 64 bits wide.
struct IndexReader: Sendable {
  let isWide: Bool

  init(_ element: ElementType) throws(GraphError) {
    switch element {
    case .int64: isWide = true
    case .int32: isWide = false
    default: throw GraphError(.type, "indices must be int32 or int64, are \(element.rawValue)")
    }
  }
  /// Index `i`, counted from the front of an axis of `size`; nil if it lies outside.
  @inline(__always)
  func read(_ indices: UnsafeRawPointer, _ i: Int, size: Int) -> Int? {
    let index =
      isWide
      ? Int(indices.load(fromByteOffset: i * 8, as: Int64.self))
      : Int(indices.load(fromByteOffset: i * 4, as: Int32.self))
    if index >= 0 { return index < size ? index : nil }
    return index >= -size ? index + size : nil
  }
}

/// Where the elements that an array of indices names lie in another array, row by row of the innermost axis.
struct ElementRows: Sendable {
  /// Sizes of the outer axes of the indices, and their strides in the data; 0 along the axis that is indexed.
  private let outer: [Int]
  private let strides: [Int]
  /// Rows, and elements in each.
  let rowCount: Int
  let rowLength: Int
  /// Elements between neighbours of a row in the data; 0 if the row runs along the axis that is indexed.
  let step: Int
  /// Size and stride of the axis that is indexed.
  let axisSize: Int
  let axisStride: Int

  init(_ indices: [Int], in data: [Int], along axis: Int) throws(GraphError) {
    guard indices.count == data.count else {
      throw GraphError(.type, "ranks differ: \(data.count) and \(indices.count)")
    }
    for i in data.indices where i != axis && indices[i] > data[i] {
      throw GraphError(.type, "indices \(indices) reach outside \(data) along axis \(i)")
    }
    var all = HoneOperators.strides(of: data)
    (axisSize, axisStride) = (data[axis], all[axis])
    all[axis] = 0
    outer = Array(indices.dropLast())
    strides = Array(all.dropLast())
    (rowCount, rowLength, step) = (outer.product, indices.last!, all.last!)
  }

  /// The offset of the first element of a row, where its index is 0.
  func start(ofRow row: Int) -> Int {
    var (rest, offset) = (row, 0)
    for axis in outer.indices.reversed() {
      offset += rest % outer[axis] * strides[axis]
      rest /= outer[axis]
    }
    return offset
  }
}
