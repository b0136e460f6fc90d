import CKernels

/// Copies one element or run; the common widths become a load and a store.
@inlinable @inline(__always)
public func moveElement(_ destination: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ width: Int) {
  switch width {
  case 1: destination.storeBytes(of: source.load(as: UInt8.self), as: UInt8.self)
  case 2: destination.storeBytes(of: source.loadUnaligned(as: UInt16.self), as: UInt16.self)
  case 4: destination.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
  case 8: destination.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
  default: destination.copyMemory(from: source, byteCount: width)
  }
}

/// Writes `count` copies of the `width` bytes at `element`.
public func fillElements(_ destination: UnsafeMutableRawPointer, with element: UnsafeRawPointer, width: Int, count: Int)
{
  movement_fill(destination, element, width, count)
}

/// Copies the rows of `source` that `indices` (64 bits wide, or 32) name; false if some lie outside.
public func gatherRows(
  from source: UnsafeRawPointer, rowCount: Int, rowByteCount: Int, indices: UnsafeRawPointer, areWide: Bool, count: Int,
  to destination: UnsafeMutableRawPointer
) -> Bool {
  movement_gather(source, rowCount, rowByteCount, indices, areWide ? 1 : 0, count, destination) == 0
}

/// Adds row i of `updates` to the row of `rows` that index i names, for part `part` of `parts` (a power of two) of the rows
/// and `columns` elements of each; false if an index lies outside.
public func addRows(
  _ updates: UnsafePointer<Float>, to rows: UnsafeMutablePointer<Float>, rowCount: Int, stride: Int, columns: Int,
  indices: UnsafeRawPointer, areWide: Bool, count: Int, part: Int, of parts: Int
) -> Bool {
  movement_add_rows(
    rows, rowCount, updates, stride, columns, indices, areWide ? 1 : 0, count, part, parts) == 0
}
