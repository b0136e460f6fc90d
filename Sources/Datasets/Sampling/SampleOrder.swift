internal import HoneIR

/// In which order an epoch takes the samples. It is a function of the seed and the epoch alone.
public enum SampleOrder: Sendable, Hashable, Codable {
  /// As they are stored, in every epoch.
  case stored
  /// Every sample once, shuffled anew in each epoch.
  case seeded(UInt64)
  /// As many draws with replacement as there are samples; the odds are as the weights, one for each sample.
  case weighted([Float], seed: UInt64)

  /// The samples of `epoch`.
  func indices(count: Int, epoch: Int) -> [UInt32] {
    switch self {
    case .stored: return Array(0..<UInt32(count))
    case .seeded(let seed):
      var random = CounterGenerator(seed: seed, epoch)
      return random.permutation(count)
    case .weighted(let weights, let seed):
      var sums: [Double] = []
      sums.reserveCapacity(count)
      for weight in weights { sums.append((sums.last ?? 0) + Double(weight)) }
      var random = CounterGenerator(seed: seed, epoch)
      return (0..<count).map { _ in Self.place(of: random.fraction() * (sums.last ?? 0), in: sums) }
    }
  }

  /// The first place where the sum is above `value`.
  private static func place(of value: Double, in sums: [Double]) -> UInt32 {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > value { high = middle } else { low = middle + 1 }
    }
    return UInt32(low)
  }

  func check(count: Int) throws(GraphError) {
    guard case .weighted(let weights, _) = self else { return }
    guard weights.count == count else {
      throw GraphError(.attribute, "there are \(weights.count) weights for \(count) samples")
    }
    guard weights.allSatisfy({ $0.isFinite && $0 >= 0 }), weights.contains(where: { $0 > 0 }) else {
      throw GraphError(.attribute, "weights of samples are finite, not negative, and not all 0")
    }
  }
}
