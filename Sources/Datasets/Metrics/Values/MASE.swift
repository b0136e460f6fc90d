/// The mean absolute scaled error (Hyndman and Koehler, 2006): the mean absolute error over `naiveError`, the mean absolute
/// difference between steps of the series that are one season apart. Below 1 is better than repeating the last season.
public struct MASE: ValueMetric {
  public let naiveError: Double
  private var mean = Mean()
  public init(naiveError: Double) { self.naiveError = naiveError }

  public mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) {
    for (value, target) in zip(values, targets) { mean.add(abs(value - target)) }
  }
  public var value: Double? { naiveError > 0 ? mean.value.map { $0 / naiveError } : nil }
}
