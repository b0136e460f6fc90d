internal import CKernels

/// y [columns × rows] = xᵀ for bfloat16 x [rows × columns]; the rows of y are an even number of elements apart.
public struct BFloat16Turning: Sendable {
  public let rows: Int
  public let columns: Int
  public let instructionSet: InstructionSet
  private static let piece = 64

  public init(rows: Int, columns: Int, instructionSet: InstructionSet = .current) {
    (self.rows, self.columns, self.instructionSet) = (rows, columns, instructionSet)
  }

  /// Elements between rows of y.
  public var stride: Int { rows + rows % 2 }
  public var byteCount: Int { roundedUp(columns * stride * 2, to: 64) }
  public var scratchByteCount: Int { Self.piece * Self.piece * 2 }

  public func run(_ x: UnsafePointer<UInt16>, into y: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer) {
    let pairs = scratch.assumingMemoryBound(to: UInt16.self)
    for row in Swift.stride(from: 0, to: rows, by: Self.piece) {
      let height = min(Self.piece, rows - row), padded = height + height % 2
      for column in Swift.stride(from: 0, to: columns, by: Self.piece) {
        let count = min(Self.piece, columns - column), width = roundedUp(count, to: instructionSet.lanes)
        instructionSet.table.pointee.pair_bf16(
          x + row * columns + column, columns, height, padded, count, pairs, width)
        instructionSet.table.pointee.transpose_4(
          pairs, width * 4, y + (column * stride + row) * 2, stride * 2, padded / 2, count)
      }
    }
  }
}
