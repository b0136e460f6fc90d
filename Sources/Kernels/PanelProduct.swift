internal import CKernels

/// C [rows × n] = A [rows × k] · B [k × n] in fp32, for B packed at run time into memory of the caller.
public struct PanelProduct: Sendable, Hashable {
  public let k: Int
  public let n: Int
  public let instructionSet: InstructionSet
  /// Depth at which a panel no longer stays near the processor while all rows pass it.
  private static let longestDepth = 160
  private static let splitDepth = 128

  public init(k: Int, n: Int, instructionSet: InstructionSet = .current) {
    (self.k, self.n, self.instructionSet) = (k, n, instructionSet)
  }

  private var panels: Panels { Panels(n: n, instructionSet: instructionSet) }

  /// Elements that packed B takes.
  public var packedCount: Int { panels.paddedColumns * k }

  /// Packs B from rows `stride` elements apart: [k × n] or, transposed, [n × k].
  public func pack(
    _ source: UnsafePointer<Float>, stride: Int, transposed: Bool, into packed: UnsafeMutablePointer<Float>
  ) {
    panels.pack(source, k: k, stride: stride, transposed: transposed, into: packed)
  }

  /// C begins at `bias`, one value per column, or at what it holds where `accumulates`.
  public func run(
    rows: Int, a: UnsafePointer<Float>, aStride: Int, packed: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    cStride: Int, bias: UnsafePointer<Float>? = nil, accumulates: Bool = false
  ) {
    let panels = panels
    let depth = k <= Self.longestDepth ? max(k, 1) : Self.splitDepth
    let plan = Epilogue()
    for index in 0..<panels.count {
      let column = index * panels.width
      let stride = panels.paddedColumns(index)
      for first in Swift.stride(from: 0, to: max(k, 1), by: depth) {
        let isLast = first + depth >= k
        var arguments = GemmF32(
          a: RowSource(rows: a + first, stride: aStride, depth: min(depth, k - first)),
          b: packed + (column * k + first * stride), b_stride: stride, c: c + column, c_stride: cStride, rows: rows,
          columns: panels.columns(index), accumulate: accumulates || first > 0 ? 1 : 0, finish: isLast ? 1 : 0,
          epilogue: EpilogueOperands(bias: bias).epilogue(plan, row: 0, column: column, stride: cStride), next: nil,
          next_bytes: 0)
        instructionSet.table.pointee.gemm_f32(&arguments)
      }
    }
  }
}
