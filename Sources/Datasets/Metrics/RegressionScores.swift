/// How near numbers came to their targets. JSON keys are `count`, `mae`, `rmse`, `mape`, `pearson`, `r2`; what is not defined is
/// left out.
public struct RegressionScores: Sendable, Hashable, Codable {
  /// The number of samples.
  public var count: Int
  /// The mean absolute error over all values.
  public var mae: Double
  /// The root of the mean squared error over all values.
  public var rmse: Double
  /// The mean of |error| / |target| over targets that are not 0, as a fraction; nil if all are.
  public var mape: Double?
  /// The correlation with the targets, a mean over the columns in which both vary; nil if there is none.
  public var pearson: Double?
  /// 1 − squared error / variance of the targets, a mean over the columns; a constant column counts 1 if it is met, else 0.
  public var r2: Double
  /// Values that were NaN or infinite. They are left out of all other scores.
  public var invalidCount: Int
  /// Scores that were asked for by name.
  public var metrics: [String: Double]?

  private enum CodingKeys: String, CodingKey {
    case count, mae, rmse, mape, pearson, r2, metrics
    case invalidCount = "invalid_count"
  }
}
