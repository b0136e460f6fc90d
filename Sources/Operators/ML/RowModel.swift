import HoneIR

/// A model that scores rows of features and may choose a class for each.
struct RowModel: Sendable {
  /// The type in which it wants the features: float32 or float64.
  var rowElement: ElementType = .float32
  /// Scores of one row.
  var scoreCount: Int
  /// Bytes for one block of rows.
  var scratchByteCount = 0
  /// Scores up to `FeatureRows.blockSize` rows, and writes the index of the class of each.
  let run: @Sendable (Block) -> Void

  struct Block {
    let rows: UnsafeRawPointer
    let count: Int
    let scores: UnsafeMutablePointer<Float>
    let classes: UnsafeMutablePointer<Int>
    let scratch: UnsafeMutableRawPointer
  }

  private static func padded(_ byteCount: Int) -> Int { (byteCount + 63) / 64 * 64 }
  private var scoreByteCount: Int { Self.padded(FeatureRows.blockSize * max(scoreCount, 1) * 4) }
  private static let classByteCount = padded(FeatureRows.blockSize * 8)

  func scratchByteCount(_ rows: FeatureRows) -> Int {
    rows.scratchByteCount + scoreByteCount + Self.classByteCount + scratchByteCount
  }

  /// Scores the rows of `block` into `target`, or into scratch memory; `take` is given the row's number and its class.
  func score(
    _ rows: FeatureRows, _ source: UnsafeRawPointer, _ block: Range<Int>, into target: UnsafeMutablePointer<Float>?,
    _ scratch: UnsafeMutableRawPointer, take: (Int, Int) -> Void
  ) {
    let features = rows.read(source, block, scratch)
    let spare = scratch + rows.scratchByteCount
    let classes = (spare + scoreByteCount).assumingMemoryBound(to: Int.self)
    run(
      Block(
        rows: features, count: block.count,
        scores: target.map { $0 + block.lowerBound * scoreCount } ?? spare.assumingMemoryBound(to: Float.self),
        classes: classes, scratch: spare + scoreByteCount + Self.classByteCount))
    for (i, row) in block.enumerated() { take(row, classes[i]) }
  }
}
