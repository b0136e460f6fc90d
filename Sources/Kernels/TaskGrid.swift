/// Divides the panels and rows of a batch of products into tasks of similar work.
struct TaskGrid: Sendable {
  /// A panel deeper than this leaves the caches; deeper products add up pieces of `splitDepth`.
  static let longestDepth = 1536
  static let splitDepth = 1024
  /// Multiply-adds below which a task is not worth waking a thread for.
  private static let leastWork = 256 * 1024
  private static let fullWork = 512 * 1024
  private static let residentWork = 144 * 1024
  /// Enough to share among threads.
  private static let fewTasks = 24
  /// Bytes of narrow rows that stay in the second-level cache while all panels pass, and that no longer do.
  private static let residentBytes = 512 * 1024
  private static let longBytes = 1024 * 1024

  struct Block {
    var matrix: Int
    var rows: Range<Int>
    var panels: Range<Int>
  }

  let m: Int
  let batch: Int
  let panelCount: Int
  let rowsPerBlock: Int
  let panelsPerBlock: Int
  private let rowBlocks: Int
  private let panelBlocks: Int
  private let matricesPerTask: Int
  /// Whether the blocks of one row range are consecutive, rather than those of one panel range.
  let rowsFirst: Bool

  /// `residentRows` are the rows that pass all panels together where `rowsFirst`, if `k` does not say how many.
  init(
    m: Int, k: Int, panels: Panels, batch: Int, tileRows: Int, rowsFirst: Bool, residentRows: Int? = nil
  ) {
    (self.m, self.batch, self.rowsFirst, panelCount) = (m, batch, rowsFirst, panels.count)
    // Few rows are bound by reading B, which costs as much as some rows more.
    let panelWork = max(m, 8) * max(k, 1) * panels.width
    // Rows of A that stay in the second-level cache, beside a panel of B, while all panels pass.
    let resident = residentRows ?? max(48, min(192, Self.residentWork / max(k, 1)))
    rowsPerBlock = Self.rows(
      m: m, tileRows: tileRows,
      blocks: rowsFirst
        ? dividedUp(m, by: resident)
        : min(panelWork / Self.fullWork, dividedUp(Self.fewTasks, by: max(panels.count, 1))))
    rowBlocks = max(1, dividedUp(m, by: rowsPerBlock))
    let blockWork = max(panelWork / rowBlocks, 1)
    let wanted = rowsFirst ? dividedUp(panels.count, by: 2) : dividedUp(Self.leastWork, by: blockWork)
    panelsPerBlock = max(1, min(panels.count, wanted))
    panelBlocks = dividedUp(panels.count, by: panelsPerBlock)
    let matrixWork = panelWork * max(panels.count, 1)
    matricesPerTask = rowBlocks * panelBlocks == 1 ? max(1, min(batch, Self.leastWork / max(matrixWork, 1))) : 1
  }

  /// How many rows of A of so many bytes each should pass all panels together, where all rows at once would be read again
  /// from beyond the second-level cache for every panel; nil where they would not.
  static func residentRows(m: Int, rowByteCount: Int) -> Int? {
    m * rowByteCount > longBytes ? max(64, min(256, residentBytes / rowByteCount)) : nil
  }

  private static func rows(m: Int, tileRows: Int, blocks: Int) -> Int {
    let blocks = max(1, min(blocks, dividedUp(m, by: tileRows)))
    return max(tileRows, roundedUp(dividedUp(m, by: blocks), to: tileRows))
  }

  private var blockCount: Int { m == 0 || panelCount == 0 ? 0 : batch * rowBlocks * panelBlocks }
  var taskCount: Int { dividedUp(blockCount, by: matricesPerTask) }

  /// The blocks of a range of tasks.
  func blocks(_ tasks: Range<Int>) -> Range<Int> {
    tasks.lowerBound
      * matricesPerTask..<max(
        tasks.lowerBound * matricesPerTask, min(tasks.upperBound * matricesPerTask, blockCount))
  }

  /// The share of the next panel that a product of `block` fetches.
  func share(of block: Block) -> ClosedRange<Double> {
    rowsFirst ? 0...1 : Double(block.rows.lowerBound) / Double(m)...Double(block.rows.upperBound) / Double(m)
  }

  func block(_ index: Int) -> Block {
    let (matrix, inside) = index.quotientAndRemainder(dividingBy: rowBlocks * panelBlocks)
    let row = rowsFirst ? inside / panelBlocks : inside % rowBlocks
    let panel = rowsFirst ? inside % panelBlocks : inside / rowBlocks
    return Block(
      matrix: matrix, rows: row * rowsPerBlock..<min(m, (row + 1) * rowsPerBlock),
      panels: panel * panelsPerBlock..<min(panelCount, (panel + 1) * panelsPerBlock))
  }
}
