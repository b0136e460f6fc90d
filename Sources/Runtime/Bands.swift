import HoneIR

/// Steps that are run together, a few rows at a time: each but the last leaves its rows in a window of memory of its thread,
/// from where the next one reads them while they are in the cache (the line buffers of Alwani et al., “Fused-Layer CNN
/// Accelerators”, MICRO 2016).
struct Bands: Sendable {
  struct Member: Sendable {
    let rows: Kernel.Rows
    /// Bytes of a row of the result.
    let rowByteCount: Int
    /// How the rows of the member before it are read; not used by the first.
    let window: Kernel.RowWindow
    /// Which operands those are.
    var operands: Set<Int> = []
  }
  /// One member's work on one band.
  struct Piece: Equatable {
    var member: Int
    var image: Int
    var rows: Range<Int>
    /// The first row in the member's window, and how many rows lie there when the piece begins.
    var first: Int
    var kept: Int
    /// Rows of the window to drop before.
    var dropped: Int
  }

  let members: [Member]
  /// Rows of the last member that a band makes.
  let height: Int
  /// Rows that the window of each member but the last has room for.
  private(set) var capacities: [Int] = []

  /// Bands as high as windows of at most `byteCount` allow, but at least of one row.
  init(_ members: [Member], threads: Int, byteCount: Int) {
    self.init(members, threads: threads, height: 1)
    let most = (members.last!.rows.count + threads - 1) / threads
    while height < most {
      let higher = Self(members, threads: threads, height: height + 1)
      guard higher.windowByteCount <= byteCount else { break }
      self = higher
    }
    // Kernels compute a few rows together.
    let even = height >= 4 ? height / 4 * 4 : height / 2 * 2
    if height < most, even > 0 { self.init(members, threads: threads, height: even) }
  }

  private init(_ members: [Member], threads: Int, height: Int) {
    (self.members, self.height) = (members, height)
    capacities = capacities(threads: threads)
  }

  var images: Int { members[0].rows.images }
  /// Where each window begins, and where the last one ends.
  var windowOffsets: [Int] {
    zip(capacities, members).reduce(into: [0]) { offsets, window in
      offsets.append(offsets.last! + (window.0 * window.1.rowByteCount + 63) / 64 * 64)
    }
  }
  var windowByteCount: Int { windowOffsets.last! }

  /// What thread `worker` of `count` does, in order.
  func pieces(worker: Int, of count: Int) -> [Piece] {
    Self.share(of: members, worker: worker, of: count).flatMap { pieces(image: $0.image, rows: $0.rows) }
  }

  /// The rows of the last member that `worker` of `count` threads makes. Threads share the rows of all images equally; what
  /// lies on both sides of a border between them, both compute.
  private static func share(
    of members: [Member], worker: Int, of count: Int
  ) -> [(image: Int, rows: Range<Int>)] {
    let height = members.last!.rows.count
    let all = members[0].rows.images * height
    var next = all * worker / count
    let end = all * (worker + 1) / count
    var shares: [(image: Int, rows: Range<Int>)] = []
    while next < end {
      let (image, row) = next.quotientAndRemainder(dividingBy: height)
      let last = min(height, row + end - next)
      shares.append((image, row..<last))
      next += last - row
    }
    return shares
  }

  private func pieces(image: Int, rows: Range<Int>) -> [Piece] {
    var pieces: [Piece] = []
    var done = Self.needed(of: members, for: rows).map(\.lowerBound)
    var first = done
    for begin in stride(from: rows.lowerBound, to: rows.upperBound, by: height) {
      let goals = Self.needed(of: members, for: begin..<min(rows.upperBound, begin + height)).map(\.upperBound)
      for i in members.indices {
        let goal = max(goals[i], done[i])
        // What the next member still needs of earlier rows stays.
        let kept =
          i + 1 < members.count ? members[i + 1].window.rows(for: done[i + 1]..<max(goals[i + 1], done[i + 1])) : 0..<0
        let low = i + 1 < members.count ? max(first[i], min(kept.lowerBound, done[i])) : done[i]
        if goal > done[i] {
          pieces.append(
            Piece(
              member: i, image: image, rows: done[i]..<goal, first: low, kept: done[i] - low, dropped: low - first[i]))
          first[i] = low
        }
        done[i] = goal
      }
    }
    return pieces
  }

  /// How much more than each row once `members` compute on so many threads, as a share. Rows count as many bytes as they have.
  static func repeatedShare(_ members: [Member], threads: Int) -> Double {
    var (computed, once) = (0, 0)
    for member in members { once += member.rows.images * member.rows.count * member.rowByteCount }
    for worker in 0..<threads {
      for share in share(of: members, worker: worker, of: threads) {
        for (member, rows) in zip(members, needed(of: members, for: share.rows)) {
          computed += rows.count * member.rowByteCount
        }
      }
    }
    return once == 0 ? 0 : Double(computed) / Double(once) - 1
  }

  /// The rows of every member that `rows` of the last one need.
  private static func needed(of members: [Member], for rows: Range<Int>) -> [Range<Int>] {
    var result = [rows]
    for member in members.dropFirst().reversed() { result.insert(member.window.rows(for: result[0]), at: 0) }
    return result
  }

  private func capacities(threads: Int) -> [Int] {
    var capacities = [Int](repeating: 1, count: members.count - 1)
    for count in Set([1, threads]) {
      for worker in 0..<count {
        for piece in pieces(worker: worker, of: count) where piece.member < capacities.count {
          capacities[piece.member] = max(capacities[piece.member], piece.rows.upperBound - piece.first)
        }
      }
    }
    return capacities
  }
}
