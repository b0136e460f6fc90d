public import HoneIR
public import HoneOperators

/// How calibration turns what it saw of a value into the range that integers will cover.
public enum CalibrationMethod: String, Sendable, Codable, CaseIterable {
  /// The smallest and largest value seen.
  case minmax
  /// An exponential moving average of each batch's range.
  case moving_average
  /// The range that loses least information (Kullback–Leibler divergence; Migacz, "8-bit inference with TensorRT").
  case entropy
  /// All but a few outliers on each side.
  case percentile
  /// The range with the least mean squared error after rounding.
  case mse

  /// The statistic to keep.
  public var statistic: any StatisticOp {
    switch self {
    case .minmax: RunningRange()
    case .moving_average: RunningAverageRange()
    case .entropy, .percentile, .mse: RunningHistogram()
    }
  }

  /// The range for a value whose statistic ended as `state`. `percentile` is the share of values kept, of 100.
  public func range(_ state: Tensor, percentile: Double = 99.999, levels: Int = 256) -> ClosedRange<Double> {
    let values = state.doubles
    guard values[0] <= values[1] else { return 0...0 }
    switch self {
    case .minmax, .moving_average: return values[0]...values[1]
    case .entropy: return Histogram(values).leastDivergence(levels: levels)
    case .percentile: return Histogram(values).percentile(percentile)
    case .mse: return Histogram(values).leastSquaredError(levels: levels)
    }
  }
}
