/// How windows of a series become samples: `history` steps to look at, and the `horizon` steps after them to foretell.
public struct ForecastOptions: Sendable, Hashable, Codable {
  public var history: Int
  public var horizon: Int
  /// Steps from the start of one window to that of the next.
  public var stride: Int
  /// The columns to foretell, by name; all if empty.
  public var targets: [String]

  public init(history: Int, horizon: Int, stride: Int = 1, targets: [String] = []) {
    (self.history, self.horizon, self.stride, self.targets) = (history, horizon, stride, targets)
  }
}
