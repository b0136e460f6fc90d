import HoneIR

/// What lies outside an array.
public enum PadMode: String, Codable, Sendable {
  case constant, reflect, edge, wrap
}

/// How an axis that is made longer, or shorter, at its ends shows what it held.
struct PaddedAxis {
  var size: Int
  /// What is added, negative if removed.
  var begin: Int
  var end: Int
  var mode: PadMode

  /// The position shown at each position of the result; −1 shows the fill value.
  func map() throws(GraphError) -> [Int] {
    let count = size + begin + end
    guard count >= 0 else {
      throw GraphError(.type, "an axis of \(size) padded by \(begin) and \(end) has a negative size")
    }
    if mode == .constant { return (0..<count).map { $0 - begin >= 0 && $0 - begin < size ? $0 - begin : -1 } }
    // What is left when negative pads are cut off.
    let (low, high) = (max(-begin, 0), size - max(-end, 0))
    guard high > low || count == 0 else {
      throw GraphError(.type, "an empty axis cannot be padded by \(mode.rawValue)")
    }
    return (0..<count).map { low + folded($0 - begin - low, high - low) }
  }

  /// The position among `size` that shows at `position` outside.
  private func folded(_ position: Int, _ size: Int) -> Int {
    if position >= 0 && position < size { return position }
    func modulo(_ period: Int) -> Int { (position % period + period) % period }
    switch mode {
    case .edge, .constant: return min(max(position, 0), size - 1)
    case .wrap: return modulo(size)
    case .reflect:
      if size == 1 { return 0 }
      let phase = modulo(2 * size - 2)
      return phase < size ? phase : 2 * size - 2 - phase
    }
  }
}
