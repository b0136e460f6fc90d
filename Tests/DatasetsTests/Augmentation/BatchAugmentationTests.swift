import HoneIR
import Testing

@testable import HoneDatasets

struct BatchAugmentationTests {
  /// Four images of one value each, of four classes.
  private func batch(_ layout: Preprocessing.Layout, _ sizes: [Int]) -> MixedBatch {
    let width = sizes.reduce(1, *)
    let values = (0..<4).flatMap { [Float](repeating: Float(1 << (2 * $0)), count: width) }
    let targets = (0..<16).map { $0 % 5 == 0 ? Float(1) : 0 }
    return MixedBatch(count: 4, inputs: [.init(sizes: sizes, layout: layout, values: values)], targets: targets)
  }
  private func applied(_ augmentation: some BatchAugmentation, _ batch: MixedBatch, key: Int) throws -> MixedBatch {
    var result = batch
    var random = CounterGenerator(seed: 1, key)
    try augmentation.apply(&result, &random)
    return result
  }

  @Test func `shares of classes are shares of the inputs`() throws {
    var shares = Set<Float>()
    for key in 0..<30 {
      let mixed = try applied(Mixup(0.5), batch(.nchw, [1, 2, 2]), key: key)
      for row in 0..<4 {
        let target = Array(mixed.targets[row * 4..<row * 4 + 4])
        #expect(abs(target.reduce(0, +) - 1) < 1e-6)
        let expected = zip(target, [1, 4, 16, 64] as [Float]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(mixed.inputs[0].values[row * 4..<row * 4 + 4].allSatisfy { abs($0 - expected) < 1e-4 })
        shares.insert(target.max()!)
      }
    }
    #expect(shares.count > 20)
  }

  @Test(arguments: [
    (Preprocessing.Layout.nchw, [2, 8, 6]), (.nhwc, [8, 6, 2]), (.nhw, [8, 6]),
  ])
  func `targets are mixed by the area that is pasted`(layout: Preprocessing.Layout, sizes: [Int]) throws {
    let width = sizes.reduce(1, *)
    var pasted = 0
    for key in 0..<30 {
      let mixed = try applied(Cutmix(1), batch(layout, sizes), key: key)
      for row in 0..<4 {
        let values = mixed.inputs[0].values[row * width..<(row + 1) * width]
        let areas = [1, 4, 16, 64].map { value in Float(values.count { $0 == value }) / Float(width) }
        #expect(zip(areas, mixed.targets[row * 4..<row * 4 + 4]).allSatisfy { abs($0 - $1) < 1e-6 })
        if areas[row] < 1 { pasted += 1 }
      }
    }
    #expect(pasted > 40)
    #expect(message { try applied(Cutmix(1), batch(.flat, [48]), key: 0) }.contains("rows and columns"))
  }

  /// Mean 1/2 and variance 1 / (4 · (2α + 1)).
  @Test(arguments: [0.2, 1, 2] as [Float]) func `the shares are of a Beta distribution`(alpha: Float) {
    var random = CounterGenerator(seed: 8)
    let values = (0..<4000).map { _ in Double(random.symmetricBeta(alpha)) }
    let mean = values.reduce(0, +) / 4000
    let variance = values.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / 4000
    let expected = 1 / (4 * (2 * Double(alpha) + 1))
    #expect(abs(mean - 0.5) < 4 * (expected / 4000).squareRoot() && abs(variance - expected) < 0.08 * expected)
  }
}
