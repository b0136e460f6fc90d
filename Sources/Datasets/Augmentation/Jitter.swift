/// Adds normal noise to every value of a series. In YAML the standard deviation.
public struct Jitter: Sendable, Hashable, Codable {
  /// The standard deviation, in units of the preprocessed values.
  public var deviation: Float
  public init(_ deviation: Float = 0.03) { self.deviation = deviation }
}

extension Jitter: SingleNumberAugmentation, SeriesAugmentation {
  var number: Float { deviation }
  var flaw: String? { deviation >= 0 && deviation.isFinite ? nil : "takes a standard deviation, not negative" }

  func apply(_ series: inout Series, _ random: inout CounterGenerator) {
    guard deviation > 0 else { return }
    for i in series.values.indices { series.values[i] += deviation * random.normal() }
  }
}
