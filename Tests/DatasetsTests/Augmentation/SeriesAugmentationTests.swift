import HoneIR
import Testing

@testable import HoneDatasets

struct SeriesAugmentationTests {
  private func series(timeFirst: Bool) -> Series {
    var series = Series(steps: 20, columns: 2, isTimeFirst: timeFirst, values: [Float](repeating: 0, count: 40))
    for step in 0..<20 {
      series.values[series.place(step, 0)] = Float(step)
      series.values[series.place(step, 1)] = 100 - 2 * Float(step)
    }
    return series
  }
  private func applied(_ augmentation: some SeriesAugmentation, _ series: Series, key: Int = 0) -> Series {
    var result = series
    var random = CounterGenerator(seed: 3, key)
    augmentation.apply(&result, &random)
    return result
  }

  @Test func `without strength series stay as they are`() {
    let all: [any SeriesAugmentation] = [Jitter(0), Scaling(0), WindowSlice(1)]
    for augmentation in all { #expect(applied(augmentation, series(timeFirst: true)) == series(timeFirst: true)) }
  }

  @Test(arguments: [true, false]) func `every column has one factor`(timeFirst: Bool) {
    let old = series(timeFirst: timeFirst)
    let new = applied(Scaling(0.2), old)
    let factors = (0..<2).map { new.values[new.place(7, $0)] / old.values[old.place(7, $0)] }
    #expect(factors[0] != factors[1])
    for step in 0..<20 {
      for column in 0..<2 {
        let place = old.place(step, column)
        #expect(abs(new.values[place] - factors[column] * old.values[place]) < 1e-3)
      }
    }
  }

  /// A line that is sliced and stretched is a line with a smaller slope, inside the old range.
  @Test(arguments: [true, false]) func `a slice is stretched`(timeFirst: Bool) {
    var starts = Set<Float>()
    for key in 0..<40 {
      let new = applied(WindowSlice(0.5), series(timeFirst: timeFirst), key: key)
      let line = (0..<20).map { new.values[new.place($0, 0)] }
      for step in 1..<20 { #expect(abs(line[step] - line[step - 1] - 9.0 / 19) < 1e-4) }
      #expect(line[0] >= 0 && line[19] <= 19 && line[0] == line[0].rounded())
      #expect(abs(new.values[new.place(5, 1)] - (100 - 2 * line[5])) < 1e-3)
      starts.insert(line[0])
    }
    #expect(starts.count == 11)
  }

  @Test func `jitter has its strength`() {
    let flat = Series(steps: 2000, columns: 1, isTimeFirst: true, values: [Float](repeating: 1, count: 2000))
    let noise = applied(Jitter(0.5), flat).values.map { $0 - 1 }
    let variance = noise.reduce(0) { $0 + $1 * $1 } / 2000
    #expect(abs(variance - 0.25) < 0.25 * 4 * (2 / Float(2000)).squareRoot())
  }
}
