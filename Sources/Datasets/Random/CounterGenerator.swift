/// Random numbers that are a function of a key, such as (seed, epoch, sample), and of how many were taken before: the same on every
/// machine and for any order of the keys. SplitMix64, whose start is hashed from the key.
public struct CounterGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream of `seed` for the key `path`.
  public init(seed: UInt64, _ path: Int...) {
    state = Self.mixed(seed &+ Self.step)
    for part in path {
      state = Self.mixed(state &+ Self.step &+ Self.mixed(UInt64(bitPattern: Int64(part)) &+ 0xd1b5_4a32_d192_ed03))
    }
  }

  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  public mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mixed(state)
  }
}

extension CounterGenerator {
  /// A whole number from 0 to `bound` − 1.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "a random number below \(bound)")
    return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in 0..<1 with 24 bits.
  public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

  /// A number in 0..<1 with 53 bits.
  public mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in −`reach`..<`reach`.
  public mutating func within(_ reach: Float) -> Float { (2 * uniform() - 1) * reach }

  /// Nearly normal with mean 0 and variance 1: the sum of twelve uniform numbers of 16 bits, less 6. It takes no function of the
  /// system's mathematics, so it has the same bits everywhere; no value is farther out than 6.
  public mutating func normal() -> Float {
    var sum: UInt64 = 0
    for _ in 0..<3 {
      let bits = next()
      sum += bits & 0xffff + bits >> 16 & 0xffff + bits >> 32 & 0xffff + bits >> 48
    }
    return (Float(sum) + 6) * 0x1p-16 - 6
  }

  /// 0 ..< `count` in random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [UInt32] {
    precondition(count <= Int(UInt32.max), "\(count) samples cannot be counted in 32 bits")
    var order = Array(0..<UInt32(count))
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }
}
