import HoneKernels
import Testing

struct GlobalAverageTests {
  @Test(arguments: InstructionSet.available)
  func `means of runs of positions are the mean of all`(set: InstructionSet) throws {
    var random = Random(3)
    for (batch, positions, channels) in [(1, 3136, 24), (2, 400, 100), (1, 67, 1000)] {
      let plan = try #require(
        GlobalAverage(batch: batch, positions: positions, channels: channels, instructionSet: set))
      let x = Guarded(random.floats(batch * positions * channels))
      let sums = Guarded([Float](repeating: .nan, count: plan.sumByteCount / 4))
      let y = Guarded([Float](repeating: .nan, count: batch * channels))
      for task in (0..<plan.sumTaskCount).reversed() {
        plan.sum(tasks: task..<task + 1, x: x.pointer, sums: sums.pointer)
      }
      plan.mean(sums: sums.pointer, y: y.pointer)
      let expected = y.array.indices.map { index -> Double in
        let (image, channel) = index.quotientAndRemainder(dividingBy: channels)
        let all = (0..<positions).map { Double(x.pointer[(image * positions + $0) * channels + channel]) }
        return all.reduce(0, +) / Double(positions)
      }
      #expect(distance(y.array, expected) < 1e-6)
    }
  }

  @Test func `what is small is not divided`() {
    #expect(GlobalAverage(batch: 8, positions: 49, channels: 1280) == nil)
    #expect(GlobalAverage(batch: 8, positions: 196, channels: 16) == nil)
  }
}
