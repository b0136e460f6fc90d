import HoneCodecs
import HoneIR
import Testing

@testable import HoneDatasets

struct TrainingBatchesTests {
  /// Byte images of the given sizes and three classes.
  private func images(_ count: Int, sizes: [Int] = [6, 5, 3]) -> Dataset {
    let samples = (0..<count).map { index in
      let values = (0..<sizes.reduce(1, *)).map { UInt8(($0 * 31 + index * 17) % 256) }
      return Sample([NamedTensor("input", Tensor(values, shape: sizes))], label: .classIndex(index % 3))
    }
    return Dataset(samples, content: .images, classes: ["a", "b", "c"])
  }
  private let preprocessing = Preprocessing([
    .scale(1 / 255), .normalize(mean: [0.1, 0.2, 0.3], std: [0.5, 0.4, 0.3]),
  ])
  private let augmentations: [Augmentation] = [
    .horizontalFlip(.init()), .randomCrop(.init(padding: 2)), .noise(.init(0.05)), .mixup(.init(0.4)),
  ]

  private func all(_ batches: TrainingBatches, _ count: Int = .max) throws -> [TrainingBatch] {
    var found: [TrainingBatch] = []
    while found.count < count, let batch = try batches.next() { found.append(batch) }
    return found
  }
  private func areEqual(_ a: [TrainingBatch], _ b: [TrainingBatch]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy {
        $0.position == $1.position && $0.indices == $1.indices && $0.targets.isIdentical(to: $1.targets)
          && zip($0.inputs, $1.inputs).allSatisfy { $0.name == $1.name && $0.tensor.isIdentical(to: $1.tensor) }
      }
  }

  @Test func `a batch holds the samples as inference sees them`() throws {
    for layout in Preprocessing.Layout.allCases {
      let sizes = layout == .nhw ? [6, 5] : [6, 5, 3]
      let steps: [Preprocessing.Step] =
        layout == .nhw ? [.scale(1 / 255), .mean([0.4])] : preprocessing.steps
      let data = images(7, sizes: sizes).preprocessed(by: Preprocessing(steps, layout: layout))
      let batches = try TrainingBatches(data, batch: 3, epochs: 1)
      for batch in try all(batches) {
        let samples = try batch.indices.map { try data.sample(at: $0) }
        #expect(batch.inputs[0].tensor.isIdentical(to: .stacked(samples.map { $0.inputs[0].tensor })), "\(layout)")
        #expect(batch.targets.values(as: Int64.self) == batch.indices.map { Int64($0 % 3) })
      }
    }
    // Steps that no table holds.
    let data = images(4).preprocessed(by: Preprocessing([.grayscale, .resize(width: 3, height: 4), .scale(0.5)]))
    let batch = try #require(try TrainingBatches(data, batch: 2).next())
    #expect(batch.inputs[0].tensor.sizes == [2, 1, 4, 3])
    #expect(
      batch.inputs[0].tensor.isIdentical(
        to: .stacked(try batch.indices.map { try data.sample(at: $0).inputs[0].tensor })))
  }

  @Test func `batches made ahead are those made when asked for`() throws {
    let data = images(11).preprocessed(by: preprocessing)
    func batches(_ prefetch: Int) throws -> [TrainingBatch] {
      try all(
        TrainingBatches(
          data, batch: 4, remainder: .wrap, augmentations: augmentations, seed: 9, epochs: 3, prefetch: prefetch))
    }
    let plain = try batches(0)
    #expect(plain.map(\.position.step) == [0, 1, 2, 0, 1, 2, 0, 1, 2])
    for prefetch in [1, 2, 5] { #expect(areEqual(try batches(prefetch), plain)) }
  }

  @Test(arguments: [0, 2]) func `batches resumed anywhere are those of an uninterrupted run`(prefetch: Int) throws {
    let data = images(11).preprocessed(by: preprocessing)
    func batches() throws -> TrainingBatches {
      try TrainingBatches(
        data, batch: 4, order: data.balancedOrder(seed: 2), augmentations: augmentations, epochs: 3, prefetch: prefetch)
    }
    let whole = try all(batches())
    for (i, batch) in whole.enumerated() {
      let resumed = try batches()
      _ = try resumed.next()
      try resumed.seek(to: batch.position)
      #expect(resumed.position == batch.position)
      #expect(areEqual(try all(resumed), Array(whole[i...])))
    }
    let stopping = try batches()
    var found = try all(stopping, 2)
    stopping.stop()
    found += try all(stopping)
    #expect(areEqual(found, whole))
  }

  /// A sample’s augmentation depends on seed, epoch and sample, not on the batch it lies in.
  @Test func `augmentation does not depend on the batch`() throws {
    let data = images(6).preprocessed(by: preprocessing)
    func rows(batch: Int, order: SampleOrder, seed: UInt64) throws -> [Int: [Float]] {
      var rows: [Int: [Float]] = [:]
      let batches = try TrainingBatches(
        data, batch: batch, order: order, augmentations: Array(augmentations.dropLast()), seed: seed, epochs: 1)
      for batch in try all(batches) {
        let (values, width) = (batch.inputs[0].tensor.floats, 90)
        for (row, index) in batch.indices.enumerated() { rows[index] = Array(values[row * width..<(row + 1) * width]) }
      }
      return rows
    }
    let rowsOfTwo = try rows(batch: 2, order: .seeded(1), seed: 4)
    #expect(try rowsOfTwo == rows(batch: 6, order: .stored, seed: 4))
    #expect(try rowsOfTwo != rows(batch: 2, order: .seeded(1), seed: 5))
    let whole = try all(TrainingBatches(data, batch: 6, order: .stored, augmentations: [.noise(.init(0.1))], epochs: 2))
    #expect(!whole[0].inputs[0].tensor.isIdentical(to: whole[1].inputs[0].tensor))
  }

  @Test func `forms of targets`() throws {
    let data = images(6).preprocessed(by: preprocessing)
    let hot = try #require(try TrainingBatches(data, batch: 3, order: .stored, targets: .oneHot).next())
    #expect(hot.targets.floats == [1, 0, 0, 0, 1, 0, 0, 0, 1] && hot.targets.sizes == [3, 3])
    let same = try #require(try TrainingBatches(data, batch: 3, targets: .inputs).next())
    #expect(same.targets.isIdentical(to: same.inputs[0].tensor))
    let numbers = Dataset(
      (0..<4).map { Sample([NamedTensor("x", Tensor([Float($0)], shape: [1]))], label: .values([Float($0), 9])) })
    let batch = try #require(try TrainingBatches(numbers, batch: 2, order: .stored).next())
    #expect(batch.targets.floats == [0, 9, 1, 9] && batch.targets.sizes == [2, 2])
    #expect(try TrainingBatches(data, batch: 2, augmentations: [.mixup(.init(0.2))]).targetForm == .oneHot)
  }

  @Test func `what cannot be trained on is an error`() throws {
    let data = images(4)
    #expect(message { try TrainingBatches(data, batch: 2, augmentations: [.jitter(.init())]) }.contains("takes series"))
    #expect(message { try TrainingBatches(data, batch: 2, targets: .values) }.contains("classification"))
    #expect(
      message { try TrainingBatches(data, batch: 2, augmentations: [.mixup(.init())], targets: .classIndices) }
        .contains(
          "mixed samples"))
    #expect(
      message { try TrainingBatches(data, batch: 2, augmentations: [.mixup(.init())]).next() }.contains("float32"))
    let strange = Dataset(
      [Sample([NamedTensor("x", .scalar(1 as Float))], label: .classIndex(2))], classes: ["a", "b"])
    #expect(message { try TrainingBatches(strange, batch: 1).next() }.contains("of class 2, but only 2 classes"))
    #expect(message { try TrainingBatches(data, batch: 5) }.contains("do not fill a batch"))
  }

  @Test(arguments: [0, 2]) func `errors arrive in their turn and stay`(prefetch: Int) throws {
    var samples = (0..<6).map { Sample([NamedTensor("x", Tensor([Float($0)], shape: [1]))], label: .classIndex(0)) }
    samples[3].label = nil
    let data = Dataset(samples, classes: ["a"])
    let batches = try TrainingBatches(data, batch: 2, order: .stored, prefetch: prefetch)
    #expect(try batches.next()?.indices == [0, 1])
    #expect(message { try batches.next() }.contains("sample 3 has no class"))
    #expect(message { try batches.next() }.contains("sample 3 has no class"))
    #expect(batches.position == .init(epoch: 0, step: 1))
    try batches.seek(to: .init(epoch: 0, step: 2))
    #expect(try batches.next()?.indices == [4, 5])
  }
}
