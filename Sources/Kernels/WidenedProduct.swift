internal import CKernels

/// A plan for C [m × n] = epilogue(A [m × k] · B [k × n]) of fp32 A and bfloat16 B, which is widened on the way.
///
/// For products that wait for B, such as those of few rows: A keeps its precision, and half of the bytes are read.
public struct WidenedProduct: Sendable {
  public let m: Int
  public let n: Int
  public let k: Int
  public let aStride: Int
  public let cStride: Int
  public let epilogue: Epilogue
  public let instructionSet: InstructionSet
  private let panels: Panels

  /// Strides count elements between rows and default to dense.
  public init(
    m: Int, n: Int, k: Int, aStride: Int? = nil, cStride: Int? = nil, epilogue: Epilogue = Epilogue(),
    instructionSet: InstructionSet = .current
  ) {
    (self.m, self.n, self.k) = (m, n, k)
    (self.aStride, self.cStride, self.epilogue) = (aStride ?? k, cStride ?? n, epilogue)
    self.instructionSet = instructionSet
    panels = Panels(n: n, instructionSet: instructionSet)
  }

  /// One task is one panel of columns.
  public var taskCount: Int { panels.count }

  /// Runs `tasks`. The residual may be C itself.
  public func run(
    tasks: Range<Int>, a: UnsafePointer<Float>, b: PackedBFloat16Matrix, c: UnsafeMutablePointer<Float>,
    operands: EpilogueOperands = EpilogueOperands()
  ) {
    precondition(b.k == k && b.n == n && b.instructionSet == instructionSet, "B is packed for another product")
    for panel in tasks {
      let column = panel * panels.width
      var arguments = GemmBF16(
        a: RowSource(rows: a, stride: aStride, depth: k), b: b.panels.panel(at: column), c: c + column,
        c_stride: cStride, rows: m, columns: panels.columns(panel), narrow: 0,
        epilogue: operands.epilogue(epilogue, row: 0, column: column, stride: cStride), next: nil, next_bytes: 0)
      instructionSet.table.pointee.wide_bf16(&arguments)
    }
  }
}
