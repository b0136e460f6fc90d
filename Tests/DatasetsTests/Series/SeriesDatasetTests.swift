import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct SeriesDatasetTests {
  /// Ten steps: load t², heat 100 − t.
  private func series(_ scratch: Scratch) throws -> String {
    let rows = (0..<10).map { "2024-01-0\($0),\($0 * $0),\(100 - $0)" }
    return try scratch.write((["date,load,heat"] + rows).joined(separator: "\n"), "series.csv").path
  }
  private func options(_ forecast: ForecastOptions) -> DatasetOptions {
    var options = DatasetOptions()
    options.forecast = forecast
    return options
  }

  @Test func `windows of a table`() throws {
    let scratch = Scratch()
    let path = try series(scratch)
    let data = try Dataset.open(path, options(.init(history: 4, horizon: 2, targets: ["load"])))
    #expect(data.count == 5 && data.content == .series && data.task == .regression && data.targetSizes == [2, 1])
    #expect(data.notes.contains { $0.contains("left out: date") })
    let sample = try data.sample(at: 3)
    #expect(
      sample.inputs[0].tensor.sizes == [4, 2] && sample.inputs[0].tensor.floats == [9, 97, 16, 96, 25, 95, 36, 94])
    #expect(sample.label == .values([49, 64]))
    let strided = try Dataset.open(path, options(.init(history: 4, horizon: 2, stride: 3)))
    #expect(strided.count == 2 && strided.targetSizes == [2, 2])
    #expect(try strided.label(at: 1) == .values([49, 93, 64, 92]))
    let batch = try #require(
      try TrainingBatches(data, batch: 2, order: .stored, augmentations: [.jitter(.init(0))]).next())
    #expect(batch.targets.sizes == [2, 2, 1] && batch.inputs[0].tensor.sizes == [2, 4, 2])
  }

  /// Σ|t² − (t − 1)²| / 9 over t = 1 … 9 is 81 / 9; two steps apart Σ(4t − 4) / 8 over t = 2 … 9 is 144 / 8.
  @Test func `the naive error`() throws {
    let scratch = Scratch()
    let data = try Dataset.open(series(scratch), options(.init(history: 4, horizon: 2, targets: ["load"])))
    #expect(data.naiveError() == 9 && data.naiveError(season: 2) == 18 && data.naiveError(season: 10) == nil)
  }

  @Test func `arrays hold series too`() throws {
    let scratch = Scratch()
    let url = scratch.url.appendingPathComponent("a.npy")
    try NumPyFile.write(Tensor((0..<6).map { Double($0) }, shape: [6]), to: url)
    let data = try Dataset.open(url.path, options(.init(history: 3, horizon: 1)))
    #expect(data.count == 3)
    #expect(try data.sample(at: 2).inputs[0].tensor.floats == [2, 3, 4] && data.label(at: 2) == .values([5]))
  }

  @Test func `flaws are named`() throws {
    let scratch = Scratch()
    let path = try series(scratch)
    #expect(
      message { try Dataset.open(path, options(.init(history: 9, horizon: 2))) }.contains(
        "has 10 steps; windows of 9 and 2 take 11"))
    #expect(message { try Dataset.open(path, options(.init(history: 0, horizon: 2))) }.contains("at least one step"))
    #expect(
      message { try Dataset.open(path, options(.init(history: 1, horizon: 1, targets: ["wind"]))) }.contains(
        "no column ‘wind’ of numbers; there are load, heat"))
    let gaps = try scratch.write("a,b\n1,2\n3,\n", "gaps.csv").path
    #expect(message { try Dataset.open(gaps, options(.init(history: 1, horizon: 1))) }.contains("row 3, column 2"))
  }

  /// Means and deviations by hand: 0…3 has 1.5 and √1.25.
  @Test func `columns are standardized`() throws {
    let scratch = Scratch()
    let table = try scratch.write("a,b,y\n0,7,1\n1,7,2\n2,7,1\n3,7,2\n", "t.csv").path
    let data = try Dataset.open(table)
    let fitted = try Preprocessing(standardizing: data)
    #expect(fitted.steps == [.normalize(mean: [1.5, 7], std: [Float(1.25.squareRoot()), 1])])
    let sample = try data.preprocessed(by: fitted).sample(at: 3).inputs[0].tensor.floats
    #expect(sample == [1.5 / Float(1.25.squareRoot()), 0])
    let windows = try Dataset.open(series(scratch), options(.init(history: 10 - 1, horizon: 1)))
    guard case .normalize(let mean, _) = try Preprocessing(standardizing: windows).steps[0] else {
      Issue.record("normalize is expected")
      return
    }
    #expect(mean == [204.0 / 9, 96])
  }
}
