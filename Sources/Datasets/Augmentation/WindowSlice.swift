/// Cuts out a window of a series and stretches it to the old length by interpolation (Le Guennec et al., 2016). In YAML the share.
public struct WindowSlice: Sendable, Hashable, Codable {
  /// The length of the window as a share of the series.
  public var share: Float
  public init(_ share: Float = 0.9) { self.share = share }
}

extension WindowSlice: SingleNumberAugmentation, SeriesAugmentation {
  var number: Float { share }
  var flaw: String? { share > 0 && share <= 1 ? nil : "takes a share above 0, at most 1" }

  func apply(_ series: inout Series, _ random: inout CounterGenerator) {
    let length = min(max(Int((Float(series.steps) * share).rounded()), 2), series.steps)
    guard length < series.steps else { return }
    let start = random.below(series.steps - length + 1)
    let stretch = Float(length - 1) / Float(series.steps - 1)
    let old = series
    for step in 0..<series.steps {
      let position = Float(step) * stretch
      let before = min(Int(position), length - 2)
      let weight = position - Float(before)
      for column in 0..<series.columns {
        let left = old.values[old.place(start + before, column)]
        let right = old.values[old.place(start + before + 1, column)]
        series.values[series.place(step, column)] = left + weight * (right - left)
      }
    }
  }
}
