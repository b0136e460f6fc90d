import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

/// Data as it is found in the field, from the file to the batch.
struct RealTrainingDataTests {
  private func open(_ path: String, label: DatasetOptions.LabelColumn? = nil) throws -> Dataset {
    var options = DatasetOptions()
    options.split = path == "mnist" ? .train : nil
    options.label = label
    return try Dataset.open(try #require(shared(path)).path, options)
  }

  @Test(.enabled(if: shared("mnist") != nil, Comment(rawValue: sharedHint))) func `digits are batches`() throws {
    let data = try open("mnist").preprocessed(by: Preprocessing([.scale(1 / 255)]))
    let parts = try data.split(0.1, seed: 1, stratified: true)
    let (whole, held) = (try data.classCounts(), try parts.held.classCounts())
    #expect(whole.reduce(0, +) == 60_000 && parts.held.count == 6000)
    for (part, all) in zip(held, whole) { #expect(abs(Double(part) - 0.1 * Double(all)) <= 1) }

    let batches = try TrainingBatches(parts.training, batch: 64, order: .seeded(3), augmentations: [.shift(.init(2))])
    #expect(batches.stepsPerEpoch == 843)
    var free = 0
    for step in 0..<3 {
      let batch = try #require(try batches.next())
      #expect(batch.step == step && batch.inputs[0].tensor.type == TensorType(.float32, [64, 1, 28, 28]))
      let wanted = try batch.indices.map { Int64(try #require(parts.training.label(at: $0)?.classIndex)) }
      #expect(batch.targets.values(as: Int64.self) == wanted)
      // Shifts of two pixels lose no ink of digits with an empty rim of two.
      let values = batch.inputs[0].tensor.floats
      for (row, index) in batch.indices.enumerated() {
        let digit = try parts.training.sample(at: index).inputs[0].tensor.floats
        let rim = digit.indices.filter { ![$0 % 28, $0 / 28].allSatisfy((2..<26).contains) }
        let (old, new) = (digit.reduce(0, +), values[row * 784..<(row + 1) * 784].reduce(0, +))
        let isFree = rim.allSatisfy { digit[$0] == 0 }
        #expect(isFree ? abs(new - old) < 0.01 : new < old + 0.01)
        if isFree { free += 1 }
      }
    }
    #expect(free > 96)
  }

  @Test(.enabled(if: shared("hand-gesture") != nil, Comment(rawValue: sharedHint)))
  func `key points are standardized and balanced`() throws {
    let all = try open("hand-gesture/keypoint.csv", label: .index(0))
    let data = all.selecting(Array(stride(from: 0, to: all.count, by: 10)))
    let resident = try data.inMemory()
    let prepared = resident.preprocessed(by: try Preprocessing(standardizing: resident))
    let batches = try TrainingBatches(prepared, batch: 32, order: prepared.balancedOrder(seed: 1), epochs: 4)
    var (sum, counts, total) = (0.0, [Int](repeating: 0, count: prepared.classes.count), 0)
    while let batch = try batches.next() {
      #expect(batch.inputs[0].tensor.sizes == [32, 42])
      sum += batch.inputs[0].tensor.doubles.reduce(0, +)
      for index in batch.targets.integers { counts[index] += 1 }
      total += 32
    }
    // Five standard errors of a class’s count.
    let expected = Double(total) / Double(counts.count)
    let spread = (expected * (1 - 1 / Double(counts.count))).squareRoot()
    #expect(counts.allSatisfy { abs(Double($0) - expected) < 5 * spread })
    #expect(abs(sum) / Double(total * 42) < 0.5)
  }
}
