internal import Foundation
internal import HoneIR

/// A batch while its samples are being mixed.
struct MixedBatch: Sendable {
  struct Input: Sendable {
    /// Without the batch axis.
    var sizes: [Int]
    /// Of images; nil for other inputs.
    var layout: Preprocessing.Layout?
    var values: [Float]
  }
  var count: Int
  var inputs: [Input]
  /// [count, width], such as shares of classes.
  var targets: [Float]

  /// Targets become share · own + (1 − share) · those of the partners.
  mutating func mixTargets(share: Float, partners: [UInt32]) {
    targets = Self.mixed(targets, share: share, partners: partners)
  }

  static func mixed(_ values: [Float], share: Float, partners: [UInt32]) -> [Float] {
    guard !partners.isEmpty else { return values }
    let width = values.count / partners.count
    var result = values
    for (row, partner) in partners.enumerated() where Int(partner) != row {
      let (own, other) = (row * width, Int(partner) * width)
      for i in 0..<width { result[own + i] = share * values[own + i] + (1 - share) * values[other + i] }
    }
    return result
  }
}

extension CounterGenerator {
  /// Beta(α, α): Jöhnk's method, whose acceptance falls as α grows.
  mutating func symmetricBeta(_ alpha: Float) -> Float {
    while true {
      let x = pow(fraction(), 1 / Double(alpha))
      let y = pow(fraction(), 1 / Double(alpha))
      if x + y > 0, x + y <= 1 { return Float(x / (x + y)) }
    }
  }
}
