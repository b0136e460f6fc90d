import Foundation

/// Random numbers found by their index: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014), whose state is a counter.
struct RandomSequence: Sendable {
  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
  private let start: UInt64

  /// The sequence of `name` under `seed`.
  init(seed: UInt64, name: String) {
    // FNV-1a, 64 bits.
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    start = Self.mixed(Self.mixed(seed &+ Self.step) ^ hash)
  }

  /// Number `index` in (0, 1).
  func uniform(_ index: Int) -> Double {
    let bits = Self.mixed(start &+ UInt64(truncatingIfNeeded: index &+ 1) &* Self.step) >> 11
    return (Double(bits) + 0.5) * 0x1p-53
  }

  private static func mixed(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The standard normal number below which a share `p` in (0, 1) of all lies, to nine digits: the rational
  /// approximations of Acklam (2003).
  static func normalQuantile(_ p: Double) -> Double {
    let edge = 0.02425
    if p < edge { return tail(p) }
    if p > 1 - edge { return -tail(1 - p) }
    let q = p - 0.5
    let r = q * q
    var above = -3.969683028665376e+01 * r + 2.209460984245205e+02
    above = above * r - 2.759285104469687e+02
    above = above * r + 1.383577518672690e+02
    above = above * r - 3.066479806614716e+01
    above = above * r + 2.506628277459239e+00
    var below = -5.447609879822406e+01 * r + 1.615858368580409e+02
    below = below * r - 1.556989798598866e+02
    below = below * r + 6.680131188771972e+01
    below = below * r - 1.328068155288572e+01
    below = below * r + 1
    return above * q / below
  }

  private static func tail(_ p: Double) -> Double {
    let q = (-2 * log(p)).squareRoot()
    var above = -7.784894002430293e-03 * q - 3.223964580411365e-01
    above = above * q - 2.400758277161838e+00
    above = above * q - 2.549732539343734e+00
    above = above * q + 4.374664141464968e+00
    above = above * q + 2.938163982698783e+00
    var below = 7.784695709041462e-03 * q + 3.224671290700398e-01
    below = below * q + 2.445134137142996e+00
    below = below * q + 3.754408661907416e+00
    below = below * q + 1
    return above / below
  }
}
