internal import CKernels

/// A plan for C [m × n] = epilogue(Σ (A − aZero) · (B − bZero)) of 8-bit matrices, exact in int32 on every instruction set.
public struct IntegerMatrixProduct: Sendable {
  public let m: Int
  public let n: Int
  public let k: Int
  public let aType: ByteType
  public let aStride: Int
  public let cStride: Int
  public let epilogue: IntegerEpilogue
  public let instructionSet: InstructionSet
  let panels: Panels
  let grid: TaskGrid

  /// Strides count elements between rows and default to dense.
  public init(
    m: Int, n: Int, k: Int, aType: ByteType = .uint8, aStride: Int? = nil, cStride: Int? = nil,
    epilogue: IntegerEpilogue, instructionSet: InstructionSet = .current
  ) {
    (self.m, self.n, self.k, self.aType, self.epilogue) = (m, n, k, aType, epilogue)
    (self.aStride, self.cStride, self.instructionSet) = (aStride ?? k, cStride ?? n, instructionSet)
    panels = Panels(n: n, instructionSet: instructionSet)
    let resident = TaskGrid.residentRows(m: m, rowByteCount: k)
    grid = TaskGrid(
      m: m, k: dividedUp(k, by: 4), panels: panels, batch: 1, tileRows: instructionSet.table.pointee.integer_rows,
      rowsFirst: resident != nil, residentRows: resident)
  }

  public var taskCount: Int { grid.taskCount }

  /// The zero point of A in its own type: one for all rows, or one per row.
  public enum Zero {
    case all(Int32)
    case perRow(UnsafePointer<Int32>)
  }

  /// Runs `tasks`; `c` holds elements of the epilogue's result type.
  public func run(
    tasks: Range<Int>, a: UnsafeRawPointer, aZero: Zero = .all(0), b: PackedIntegerMatrix,
    c: UnsafeMutableRawPointer, operands: IntegerEpilogueOperands = IntegerEpilogueOperands()
  ) {
    precondition(b.k == k && b.n == n && b.instructionSet == instructionSet, "B is packed for another product")
    let element = epilogue.resultByteCount
    for index in grid.blocks(tasks) {
      let block = grid.block(index)
      let row = block.rows.lowerBound
      for panel in block.panels {
        let column = panel * panels.width
        var arguments = b.panels.product(
          RowSource(rows: a + row * aStride, stride: aStride, depth: k), type: aType, zero: 0, column: column,
          columns: panels.columns(panel), rows: block.rows.count, c: c + (row * cStride + column) * element,
          cStride: cStride, result: epilogue.resultCode,
          epilogue: operands.epilogue(epilogue, row: row, column: column, stride: cStride),
          share: grid.share(of: block))
        switch aZero {
        case .all(let zero): arguments.a_zero = zero
        case .perRow(let zeros): arguments.a_zeros = zeros + row
        }
        instructionSet.table.pointee.gemm_i8(&arguments)
      }
    }
  }
}
