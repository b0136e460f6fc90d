import HoneIR

/// Tuples of indices, each of which names a slice of an array.
struct SliceTuples: Sendable {
  /// How many tuples there are, and elements of a slice.
  let count: Int
  let sliceLength: Int
  private let sizes: [Int]
  /// Slices between neighbours along each indexed axis.
  private let strides: [Int]
  private let perBatch: Int
  private let batchStride: Int
  private let reader: IndexReader

  /// The last axis of `indices` holds the tuples; the first `batchAxes` axes are common to both arrays.
  init(_ indices: [Int], in data: [Int], batchAxes: Int = 0, _ element: ElementType) throws(GraphError) {
    guard let depth = indices.last, batchAxes + depth <= data.count, batchAxes < indices.count,
      indices[..<batchAxes] == data[..<batchAxes]
    else { throw GraphError(.type, "indices \(indices) do not fit \(data)") }
    reader = try IndexReader(element)
    count = indices.dropLast().reduce(1, *)
    sizes = Array(data[batchAxes..<batchAxes + depth])
    strides = HoneOperators.strides(of: sizes)
    sliceLength = data[(batchAxes + depth)...].reduce(1, *)
    perBatch = max(indices[batchAxes...].dropLast().reduce(1, *), 1)
    batchStride = sizes.product
  }

  /// The number of the slice that tuple `i` names, counted in slices from the start of the data; nil if it lies outside.
  func slice(_ indices: UnsafeRawPointer, _ i: Int) -> Int? {
    var slice = i / perBatch * batchStride
    for axis in sizes.indices {
      guard let index = reader.read(indices, i * sizes.count + axis, size: sizes[axis]) else { return nil }
      slice += index * strides[axis]
    }
    return slice
  }
}
