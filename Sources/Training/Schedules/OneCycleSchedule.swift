import Foundation

/// Up from 1/`startDivisor` to 1 in the first `rise` of `period` steps, and down to 1/(startDivisor · endDivisor), along half
/// cosines (Smith and Topin, arXiv 1708.07120). The base rate is the highest.
public struct OneCycleSchedule: Schedule {
  public static let name = "one-cycle"
  public var period: Int
  public var rise: Double
  public var startDivisor: Double
  public var endDivisor: Double

  public init(period: Int, rise: Double = 0.3, startDivisor: Double = 25, endDivisor: Double = 1e4) {
    (self.period, self.rise) = (period, rise)
    (self.startDivisor, self.endDivisor) = (startDivisor, endDivisor)
  }

  public func factor(_ step: Int) -> Double {
    let (start, end) = (1 / startDivisor, 1 / (startDivisor * endDivisor))
    let top = rise * Double(period) - 1
    let last = Double(period - 1)
    let step = min(Double(step), last)
    if step <= top { return Self.cosine(start, 1, top > 0 ? step / top : 1) }
    return Self.cosine(1, end, last > top ? (step - top) / (last - top) : 1)
  }

  private static func cosine(_ from: Double, _ to: Double, _ share: Double) -> Double {
    to + (from - to) * (1 + cos(.pi * share)) / 2
  }
}
