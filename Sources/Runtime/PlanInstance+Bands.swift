import HoneIR

/// One step's work on one band of rows, with its addresses.
struct BandPiece {
  let step: Int
  /// The member of the bands it belongs to.
  let member: Int
  let image: Int
  let rows: Range<Int>
  /// Where its addresses begin.
  let start: Int
  /// Rows that are still needed, brought to the beginning of the window before.
  let kept: (from: UnsafeMutableRawPointer, to: UnsafeMutableRawPointer, byteCount: Int)?

  /// What `worker` does of `bands`, whose first member is step `first`, with its windows at `base`. `append` adds a step's
  /// places to the table of addresses and returns where they begin; those in windows go to `windows`.
  static func all(
    of bands: Bands, from first: Int, worker: Int, count: Int, windows base: UnsafeMutableRawPointer,
    steps: [Plan.Step], _ append: (Plan.Step) -> Int, _ windows: inout [(slot: Int, address: UnsafeMutableRawPointer)]
  ) -> [Self] {
    let offsets = bands.windowOffsets
    /// Where the first row of the first image of a member would lie.
    var origins = [UnsafeMutableRawPointer](repeating: base, count: bands.members.count)
    return bands.pieces(worker: worker, of: count).map { piece in
      let i = piece.member, member = bands.members[i], step = steps[first + i]
      let start = append(step)
      var kept: (from: UnsafeMutableRawPointer, to: UnsafeMutableRawPointer, byteCount: Int)?
      if i > 0 { for operand in member.operands { windows.append((start + operand, origins[i - 1])) } }
      if i + 1 < bands.members.count {
        let window = base + offsets[i]
        if piece.dropped > 0, piece.kept > 0 {
          kept = (window + piece.dropped * member.rowByteCount, window, piece.kept * member.rowByteCount)
        }
        origins[i] = window - (piece.image * member.rows.count + piece.first) * member.rowByteCount
        windows.append((start + step.operands.count, origins[i]))
      }
      return Self(step: first + i, member: i, image: piece.image, rows: piece.rows, start: start, kept: kept)
    }
  }
}

extension PlanInstance {
  /// One thread's part of the bands that begin at step `first`.
  func runBands(_ first: Int, worker: Int) {
    for i in bandPieces[first][worker].indices { run(bandPieces[first][worker][i], worker: worker) }
  }

  /// As `runBands`, with the nanoseconds of each piece for the member it belongs to.
  func profileBands(_ first: Int, worker: Int, _ add: (_ member: Int, _ time: UInt64) -> Void) {
    let clock = ContinuousClock()
    for piece in bandPieces[first][worker] {
      add(piece.member, clock.measure { run(piece, worker: worker) }.nanoseconds)
    }
  }

  private func run(_ piece: BandPiece, worker: Int) {
    if let kept = piece.kept { kept.to.copyMemory(from: kept.from, byteCount: kept.byteCount) }
    let frame = Frame(
      slots: slots + piece.start, operandCount: plan.steps[piece.step].operands.count,
      resultCount: plan.steps[piece.step].results.count, scratch: scratch + worker * scratchStride, workspace: nil,
      failure: failure)
    plan.steps[piece.step].kernel.rows.unsafelyUnwrapped.run(frame, piece.image, piece.rows)
  }
}

extension Duration {
  var nanoseconds: UInt64 {
    UInt64(components.attoseconds / 1_000_000_000) + UInt64(components.seconds) * 1_000_000_000
  }
}
