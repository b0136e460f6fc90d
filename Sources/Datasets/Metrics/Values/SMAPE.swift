/// The symmetric mean absolute percentage error as a fraction: mean 2·|f − y| / (|f| + |y|), from 0 to 2; 0 where both are 0.
public struct SMAPE: ValueMetric {
  private var mean = Mean()
  public init() {}

  public mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) {
    for (value, target) in zip(values, targets) {
      let scale = abs(value) + abs(target)
      mean.add(scale == 0 ? 0 : 2 * abs(value - target) / scale)
    }
  }
  public var value: Double? { mean.value }
}
