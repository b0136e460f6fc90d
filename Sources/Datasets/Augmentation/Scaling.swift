/// Multiplies every column of a series with a factor of its own, normal around 1. In YAML the standard deviation.
public struct Scaling: Sendable, Hashable, Codable {
  /// The standard deviation of the factors.
  public var deviation: Float
  public init(_ deviation: Float = 0.1) { self.deviation = deviation }
}

extension Scaling: SingleNumberAugmentation, SeriesAugmentation {
  var number: Float { deviation }
  var flaw: String? { deviation >= 0 && deviation.isFinite ? nil : "takes a standard deviation, not negative" }

  func apply(_ series: inout Series, _ random: inout CounterGenerator) {
    guard deviation > 0 else { return }
    for column in 0..<series.columns {
      let factor = 1 + deviation * random.normal()
      for step in 0..<series.steps { series.values[series.place(step, column)] *= factor }
    }
  }
}
