/// The pinball loss of forecasts of a quantile q: mean of q·(y − f) where the target y is above, else (1 − q)·(f − y).
public struct Pinball: ValueMetric {
  public let quantile: Double
  private var mean = Mean()
  public init(quantile: Double) { self.quantile = quantile }

  public mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) {
    for (value, target) in zip(values, targets) {
      let error = target - value
      mean.add(max(quantile * error, (quantile - 1) * error))
    }
  }
  public var value: Double? { mean.value }
}
