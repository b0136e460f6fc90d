import HoneIR
import Synchronization

/// Random numbers by counting (Philox4×32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
///
/// Each run draws from a block of its own, so runs differ and a seed repeats them all.
final class RandomStream: Sendable {
  private let key: (UInt32, UInt32)
  private let runs = Atomic<UInt64>(0)

  /// Without a seed, one is drawn from the system.
  init(seed: Float?) {
    if let seed {
      key = (seed.bitPattern, 0x5EED)
    } else {
      var system = SystemRandomNumberGenerator()
      key = (system.next(), system.next())
    }
  }

  /// The numbers of run `run`.
  func numbers(run: UInt64) -> RandomNumbers { RandomNumbers(key: key, run: run) }

  func nextRun() -> RandomNumbers { RandomNumbers(key: key, run: runs.add(1, ordering: .relaxed).oldValue) }
}

/// The random numbers of one run.
struct RandomNumbers {
  let key: (UInt32, UInt32)
  let run: UInt64

  /// Two numbers in [0, 1), of 53 random bits each.
  func pair(_ index: Int) -> (Double, Double) {
    let (a, b, c, d) = block(index)
    return (Self.fraction(a, b), Self.fraction(c, d))
  }

  /// Block `index` of 128 random bits.
  func block(_ index: Int) -> (UInt32, UInt32, UInt32, UInt32) {
    let counter = (
      UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), UInt32(truncatingIfNeeded: run),
      UInt32(truncatingIfNeeded: run >> 32)
    )
    return Self.philox(counter, key)
  }

  /// Number `index` in [0, 1).
  func uniform(_ index: Int) -> Double {
    let pair = pair(index >> 1)
    return index & 1 == 0 ? pair.0 : pair.1
  }

  private static func fraction(_ high: UInt32, _ low: UInt32) -> Double {
    Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
  }

  private static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (a, b, c, d) = counter
    var (k, l) = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(a)
      let second = UInt64(0xCD9E_8D57) * UInt64(c)
      (a, b, c, d) = (
        UInt32(second >> 32) ^ b ^ k, UInt32(truncatingIfNeeded: second), UInt32(first >> 32) ^ d ^ l,
        UInt32(truncatingIfNeeded: first)
      )
      k &+= 0x9E37_79B9
      l &+= 0xBB67_AE85
    }
    return (a, b, c, d)
  }
}
