internal import HoneIR

/// Windows of a series in memory: float32 [history, columns], and as target the values of the horizon, [horizon, targets].
struct WindowSource: SampleSource {
  /// One row after the other.
  let values: [Float]
  let columns: Int
  let targets: [Int]
  let options: ForecastOptions

  var steps: Int { values.count / columns }
  var count: Int {
    let room = steps - options.history - options.horizon
    return room < 0 ? 0 : room / options.stride + 1
  }

  func sample(_ index: Int) -> Sample {
    let start = index * options.stride * columns
    let window = Array(values[start..<start + options.history * columns])
    return Sample([NamedTensor("input", Tensor(window, shape: [options.history, columns]))], label: label(index))
  }

  func label(_ index: Int) -> Label? {
    let start = index * options.stride + options.history
    var wanted: [Float] = []
    wanted.reserveCapacity(options.horizon * targets.count)
    for step in start..<start + options.horizon {
      for target in targets { wanted.append(values[step * columns + target]) }
    }
    return .values(wanted)
  }

  /// The mean of |yₜ − yₜ₋ₛ| over the series and its targets: the error of a forecast that repeats the last season.
  func naiveError(season: Int) -> Double? {
    guard season > 0, steps > season else { return nil }
    var sum = 0.0
    for step in season..<steps {
      for target in targets {
        sum += abs(Double(values[step * columns + target]) - Double(values[(step - season) * columns + target]))
      }
    }
    return sum / Double((steps - season) * targets.count)
  }
}
