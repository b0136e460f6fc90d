internal import CKernels

/// An fp32 matrix B [k × n] in the layout products read: panels of columns, made once and shared by all plans.
public final class PackedMatrix: Sendable {
  public let k: Int
  public let n: Int
  public let instructionSet: InstructionSet
  private let memory: AlignedMemory

  /// Packs B from row-major [k × n], or from its transpose [n × k].
  ///
  /// `source` need not be aligned; `stride` counts elements between its rows.
  public init(
    _ source: UnsafeRawPointer, k: Int, n: Int, stride: Int? = nil, transposed: Bool = false,
    instructionSet: InstructionSet = .current
  ) {
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    let panels = Panels(n: n, instructionSet: instructionSet)
    memory = AlignedMemory.shared(byteCount: panels.paddedColumns * k * 4)
    panels.pack(source, k: k, stride: stride ?? (transposed ? k : n), transposed: transposed, into: memory.base)
  }

  /// Packs matrices [k × n], or transposed [n × k], that stand side by side.
  public convenience init(
    _ parts: [MatrixColumns], k: Int, transposed: Bool = false, instructionSet: InstructionSet = .current
  ) {
    let n = parts.reduce(0) { $0 + $1.n }
    self.init(k: k, n: n, instructionSet: instructionSet)
    for piece in parts.pieces(width: instructionSet.table.pointee.panel_columns) {
      piece.withOneMatrix(k: k, transposed: transposed) { source, columns in
        Panels(n: columns, instructionSet: instructionSet).pack(
          source, k: k, stride: transposed ? k : columns, transposed: transposed,
          into: memory.base + piece.column * k * 4)
      }
    }
  }

  private init(k: Int, n: Int, instructionSet: InstructionSet) {
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
    memory = AlignedMemory.shared(byteCount: Panels(n: n, instructionSet: instructionSet).paddedColumns * k * 4)
  }

  public var byteCount: Int { memory.byteCount }

  /// The panel of columns that begins at `column`, a multiple of the panel width.
  func panel(at column: Int) -> UnsafePointer<Float> {
    UnsafePointer(memory.base.assumingMemoryBound(to: Float.self)) + column * k
  }
}

/// How n columns divide into panels: all `width` wide but the last, which is rounded up to whole vectors.
struct Panels: Sendable {
  let n: Int
  let instructionSet: InstructionSet
  let width: Int

  init(n: Int, instructionSet: InstructionSet) {
    (self.n, self.instructionSet, width) = (n, instructionSet, instructionSet.table.pointee.panel_columns)
  }

  var count: Int { dividedUp(n, by: width) }
  var paddedColumns: Int { roundedUp(n, to: instructionSet.lanes) }
  func columns(_ panel: Int) -> Int { min(width, n - panel * width) }
  func paddedColumns(_ panel: Int) -> Int { roundedUp(columns(panel), to: instructionSet.lanes) }

  func pack(_ source: UnsafeRawPointer, k: Int, stride: Int, transposed: Bool, into panels: UnsafeMutableRawPointer) {
    var arguments = PackB(
      source: source, row_stride: transposed ? 4 : stride * 4, column_stride: transposed ? stride * 4 : 4, k: k, n: n,
      panels: panels)
    instructionSet.table.pointee.pack_f32(&arguments)
  }
}
