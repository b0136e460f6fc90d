internal import CKernels

/// A u8 or s8 matrix B [k × n] in the layout integer products read, made once and shared by all plans.
public final class PackedIntegerMatrix: Sendable {
  public let k: Int
  public let n: Int
  public let instructionSet: InstructionSet
  private let storage: IntegerPanels

  /// Packs B from row-major [k × n], or from its transpose [n × k]; `stride` counts elements between its rows.
  ///
  /// `zeros` are B's zero points in its own type, one per column or one for all; nil means 0.
  public init(
    _ source: UnsafeRawPointer, k: Int, n: Int, type: ByteType = .int8, zeros: [Int32]? = nil, stride: Int? = nil,
    transposed: Bool = false, instructionSet: InstructionSet = .current
  ) {
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    let stride = stride ?? (transposed ? k : n)
    storage = IntegerPanels(
      source, taps: 1, depth: k, n: n, type: type, zeros: zeros, tapStride: 0, rowStride: transposed ? 1 : stride,
      columnStride: transposed ? stride : 1, instructionSet: instructionSet)
  }

  public var byteCount: Int { storage.byteCount }

  var panels: IntegerPanels { storage }
}

/// Panels of 4-row groups [taps · ⌈depth/4⌉][columns][4] with the column sums and zero points that corrections need.
final class IntegerPanels: @unchecked Sendable {
  let taps: Int
  let depth: Int
  let width: Int
  private let memory: AlignedMemory
  private let sums: UnsafeMutablePointer<Int32>
  private let zeros: UnsafeMutablePointer<Int32>?

  init(
    _ source: UnsafeRawPointer, taps: Int, depth: Int, n: Int, type: ByteType, zeros: [Int32]?, tapStride: Int,
    rowStride: Int, columnStride: Int, instructionSet: InstructionSet
  ) {
    (self.taps, self.depth) = (taps, depth)
    let padded = roundedUp(n, to: instructionSet.lanes)
    width = instructionSet.table.pointee.panel_columns
    memory = AlignedMemory.shared(byteCount: taps * roundedUp(depth, to: 4) * padded + Int(panel_slack.rawValue))
    sums = .allocate(capacity: max(padded, 1))
    var arguments = PackBI8(
      source: source, tap_stride: tapStride, row_stride: rowStride, column_stride: columnStride, taps: taps,
      depth: depth, n: n, is_unsigned: type.isSigned ? 0 : 1,
      panels: memory.base.assumingMemoryBound(to: Int8.self), sums: sums)
    instructionSet.table.pointee.pack_i8(&arguments)

    // Packed u8 values are 128 lower, and so are their zero points.
    let shift: Int32 = type.isSigned ? 0 : 128
    let shifted = (zeros ?? [0]).map { $0 - shift }
    if shifted.allSatisfy({ $0 == 0 }) {
      self.zeros = nil
    } else {
      precondition(shifted.count == 1 || shifted.count == n, "one zero point, or one per column")
      let packed = UnsafeMutablePointer<Int32>.allocate(capacity: max(padded, 1))
      packed.initialize(repeating: 0, count: padded)
      for column in 0..<n { packed[column] = shifted[shifted.count == 1 ? 0 : column] }
      self.zeros = packed
    }
  }

  deinit {
    sums.deallocate()
    zeros?.deallocate()
  }

  var byteCount: Int { memory.byteCount }

  /// The panel that begins at `column` of a product of these rows with it, which fetches a share of the next panel meanwhile.
  func product(
    _ a: RowSource, type: ByteType, zero: Int32, column: Int, columns: Int, rows: Int, c: UnsafeMutableRawPointer,
    cStride: Int, result: Int32, epilogue: EpilogueI8, share: ClosedRange<Double>
  ) -> GemmI8 {
    let rowBytes = taps * roundedUp(depth, to: 4)
    let next = min((column + width) * rowBytes, memory.byteCount)
    let count = Double(min(width * rowBytes, memory.byteCount - next))
    let begin = Int(count * share.lowerBound), end = Int(count * share.upperBound)
    return GemmI8(
      a: a, b: memory.base.assumingMemoryBound(to: Int8.self) + rowBytes * column, c: c,
      c_stride: cStride, rows: rows, columns: columns, a_signed: type.isSigned ? 1 : 0, result: result, a_zero: zero,
      a_zeros: nil, b_zeros: zeros.map { UnsafePointer($0 + column) }, b_sums: sums + column, epilogue: epilogue,
      next: memory.base + (next + begin), next_bytes: end - begin)
  }
}
