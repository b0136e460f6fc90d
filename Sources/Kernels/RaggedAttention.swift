/// Sequences of different lengths whose rows lie behind one another, for attention of each to itself.
public struct RaggedRows {
  /// Sequence i has rows `offsets[i]..<offsets[i + 1]`.
  let offsets: UnsafePointer<Int32>
  let sequences: Int

  public init(offsets: UnsafePointer<Int32>, sequences: Int) { (self.offsets, self.sequences) = (offsets, sequences) }

  /// Heads come first: equal shares of the tasks are equal shares of every sequence. Empty sequences are left out.
  fileprivate func forEach(_ tasks: Range<Int>, _ body: (_ head: Int, _ start: Int, _ length: Int) -> Void) {
    for task in tasks {
      let (head, sequence) = task.quotientAndRemainder(dividingBy: sequences)
      let (start, end) = (Int(offsets[sequence]), Int(offsets[sequence + 1]))
      guard end > start else { continue }
      body(head, start, end - start)
    }
  }
}

extension ScaledDotProductAttention {
  /// Runs `tasks` of heads × sequences, each sequence of at most as many rows as this plan has queries and keys.
  public func run(
    tasks: Range<Int>, of rows: RaggedRows, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
    y: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    rows.forEach(tasks) { head, start, length in
      let plan = shortened(to: length)
      plan.run(
        tasks: head * plan.blocks..<(head + 1) * plan.blocks, q: q + start * self.q.position,
        k: k + start * self.k.position, v: v + start * self.v.position, y: y + start * self.y.position,
        scratch: scratch)
    }
  }
}

extension BFloat16Attention {
  /// Runs `tasks` of heads × sequences, each sequence of at most as many rows as this plan has queries and keys.
  public func run(
    tasks: Range<Int>, of rows: RaggedRows, q: UnsafePointer<UInt16>, k: UnsafePointer<UInt16>,
    v: UnsafePointer<UInt16>, y: UnsafeMutablePointer<UInt16>, scratch: UnsafeMutableRawPointer
  ) {
    rows.forEach(tasks) { head, start, length in
      let plan = shortened(to: length)
      plan.run(
        tasks: head * plan.blocks..<(head + 1) * plan.blocks, q: q + start * self.q.position,
        k: k + start * self.k.position, v: v + start * self.v.position, y: y + start * self.y.position,
        scratch: scratch)
    }
  }
}
