import Foundation
import HoneOperators

/// A finished histogram of equal bins, and the ranges that can be read off it.
struct Histogram {
  let minimum: Double
  let maximum: Double
  /// Bins cover −limit…limit.
  let limit: Double
  let counts: [Double]

  /// Reads the state of a `RunningHistogram`.
  init(_ state: [Double]) {
    (minimum, maximum, limit) = (state[0], state[1], state[2])
    counts = Array(state[RunningHistogram.headerCount...])
  }

  private var width: Double { 2 * limit / Double(counts.count) }
  private func lowerEdge(_ bin: Int) -> Double { -limit + Double(bin) * width }
  private func bin(of value: Double) -> Int { min(max(Int((value + limit) / width), 0), counts.count - 1) }

  /// The range that holds `percentage` of the values, the rest cut off on both sides alike.
  func percentile(_ percentage: Double) -> ClosedRange<Double> {
    let total = counts.reduce(0, +)
    let cut = total * (1 - percentage / 100) / 2
    var (low, high) = (0, counts.count - 1)
    var sum = 0.0
    while low < high, sum + counts[low] <= cut {
      sum += counts[low]
      low += 1
    }
    sum = 0
    while high > low, sum + counts[high] <= cut {
      sum += counts[high]
      high -= 1
    }
    return clamp(lowerEdge(low), lowerEdge(high + 1))
  }

  /// Never beyond what was seen.
  private func clamp(_ low: Double, _ high: Double) -> ClosedRange<Double> {
    let (low, high) = (max(low, minimum), min(high, maximum))
    return low <= high ? low...high : minimum...maximum
  }

  /// Shrinks the seen range in steps and keeps the one whose rounding and clipping errors are smallest in the mean square.
  func leastSquaredError(levels: Int) -> ClosedRange<Double> {
    let steps = 100
    var best = minimum...maximum
    var bestError = Double.infinity
    for i in 0..<steps {
      let share = 1 - Double(i) / Double(steps) * 0.95
      let (low, high) = (min(minimum, 0) * share, max(maximum, 0) * share)
      guard high > low else { break }
      let error = squaredError(low, high, levels)
      if error < bestError { (best, bestError) = (low...high, error) }
    }
    return clamp(best.lowerBound, best.upperBound)
  }

  /// The sum of squared errors of rounding to `levels` values in low…high and clipping what lies outside.
  private func squaredError(_ low: Double, _ high: Double, _ levels: Int) -> Double {
    let step = (high - low) / Double(levels - 1)
    var error = 0.0
    for bin in bin(of: minimum)...bin(of: maximum) where counts[bin] > 0 {
      let center = lowerEdge(bin) + width / 2
      let distance = max(low - center, center - high, 0)
      error += counts[bin] * (distance > 0 ? distance * distance : step * step / 12)
    }
    return error
  }

  /// Tries thresholds from small to the whole range: clips the distribution there, coarsens it to `levels` bins, and keeps
  /// the threshold whose two distributions diverge least.
  ///
  /// Distributions of spikes mislead it; where its squared error is more than twice the least one, that range is taken.
  func leastDivergence(levels: Int) -> ClosedRange<Double> {
    let isOneSided = minimum >= 0 || maximum <= 0
    let half = counts.count / 2
    var magnitudes: [Double] = (0..<half).map { i in
      minimum >= 0 ? counts[half + i] : maximum <= 0 ? counts[half - 1 - i] : counts[half + i] + counts[half - 1 - i]
    }
    // Zero is exact in every scheme; its count would hide the shape of the rest.
    magnitudes[0] = magnitudes[1]
    let coarse = isOneSided ? levels : levels / 2
    let top = min(half, max(bin(of: maximum) - half, half - 1 - bin(of: minimum)) + 1)
    guard top > coarse else { return minimum...maximum }
    var best = top
    var bestDivergence = Double.infinity
    let stride = max(1, (top - coarse) / 128)
    var total = [0.0]
    for count in magnitudes { total.append(total.last! + count) }
    for threshold in Swift.stride(from: top, through: coarse, by: -stride) {
      let divergence = Self.divergence(magnitudes, threshold, coarse, outside: total[half] - total[threshold])
      if divergence < bestDivergence { (best, bestDivergence) = (threshold, divergence) }
    }
    let edge = Double(best) * width
    let range = clamp(minimum >= 0 ? minimum : -edge, maximum <= 0 ? maximum : edge)
    let reference = leastSquaredError(levels: levels)
    let error = squaredError(min(range.lowerBound, 0), max(range.upperBound, 0), levels)
    let least = squaredError(min(reference.lowerBound, 0), max(reference.upperBound, 0), levels)
    return error > 2 * least ? reference : range
  }

  /// Σ p·ln(p/q) of the first `threshold` bins, p with everything outside in its last bin, q coarsened to `levels` bins.
  private static func divergence(_ counts: [Double], _ threshold: Int, _ levels: Int, outside: Double) -> Double {
    var (sumP, sumQ) = (outside, 0.0)
    for i in 0..<threshold {
      sumP += counts[i]
      sumQ += counts[i]
    }
    guard sumP > 0, sumQ > 0 else { return .infinity }
    var result = 0.0
    for level in 0..<levels {
      let (start, end) = (level * threshold / levels, (level + 1) * threshold / levels)
      var (sum, nonzero) = (0.0, 0.0)
      for i in start..<end where counts[i] > 0 {
        sum += counts[i]
        nonzero += 1
      }
      for i in start..<end {
        let p = (counts[i] + (i == threshold - 1 ? outside : 0)) / sumP
        guard p > 0 else { continue }
        let q = counts[i] > 0 ? sum / nonzero / sumQ : 1e-9
        result += p * log(p / q)
      }
    }
    return result
  }
}
