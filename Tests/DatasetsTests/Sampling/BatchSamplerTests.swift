import HoneIR
import Testing

@testable import HoneDatasets

struct BatchSamplerTests {
  private func draws(_ sampler: BatchSampler, _ count: Int) -> [BatchSampler.Draw] {
    var sampler = sampler
    return (0..<count).map { _ in sampler.next() }
  }

  /// The orders were computed apart in Python from the generator’s definition.
  @Test func `the order of a seed and an epoch is the same everywhere`() throws {
    let orders = draws(try BatchSampler(count: 8, batch: 8, order: .seeded(3)), 2).map(\.indices)
    #expect(orders == [[0, 4, 5, 2, 6, 1, 3, 7], [6, 0, 3, 2, 4, 1, 7, 5]])
  }

  @Test(arguments: [SampleOrder.stored, .seeded(5), .weighted([1, 0, 2, 1, 3, 1, 1, 1, 1, 1, 4], seed: 5)])
  func `a sampler set to a position goes on as one that came there`(order: SampleOrder) throws {
    for remainder in BatchSampler.Remainder.allCases {
      let sampler = try BatchSampler(count: 11, batch: 4, order: order, remainder: remainder)
      let whole = draws(sampler, 9)
      for (i, draw) in whole.enumerated() {
        var resumed = sampler
        try resumed.seek(to: draw.position)
        #expect(draws(resumed, 9 - i) == Array(whole[i...]))
      }
    }
  }

  @Test func `every sample comes once an epoch; the rest is dropped or wrapped`() throws {
    let dropping = draws(try BatchSampler(count: 11, batch: 4, order: .seeded(1)), 4)
    #expect(dropping.map(\.position.epoch) == [0, 0, 1, 1])
    #expect(Set(dropping[..<2].flatMap(\.indices)).count == 8)
    #expect(dropping[0].indices != dropping[2].indices)
    let wrapping = draws(try BatchSampler(count: 11, batch: 4, order: .seeded(1), remainder: .wrap), 3)
    let all = wrapping.flatMap(\.indices)
    #expect(Set(all) == Set(0..<11) && all.count == 12 && all[11] == all[0])
    #expect(wrapping.allSatisfy { $0.keys == $0.indices })
  }

  @Test func `draws follow their weights, and are keyed apart`() throws {
    let weights: [Float] = [0, 1, 3] + [Float](repeating: 0, count: 3997)
    var sampler = try BatchSampler(count: 4000, batch: 4000, order: .weighted(weights, seed: 2))
    let draw = sampler.next()
    let threes = draw.indices.count { $0 == 2 }
    #expect(draw.indices.allSatisfy { $0 == 1 || $0 == 2 })
    #expect(abs(Double(threes) - 3000) < 4 * (4000 * 0.75 * 0.25).squareRoot())
    #expect(Set(draw.keys).count == 4000 && draw.keys.allSatisfy { $0 >= 4000 })
  }

  @Test func `what cannot be sampled is an error`() throws {
    #expect(message { try BatchSampler(count: 3, batch: 4) }.contains("3 samples do not fill a batch of 4"))
    #expect(try BatchSampler(count: 3, batch: 4, remainder: .wrap).stepsPerEpoch == 1)
    #expect(message { try BatchSampler(count: 3, batch: 0) }.contains("at least one sample"))
    #expect(message { try BatchSampler(count: 2, batch: 1, order: .weighted([1], seed: 0)) }.contains("1 weights"))
    #expect(message { try BatchSampler(count: 2, batch: 1, order: .weighted([0, 0], seed: 0)) }.contains("not all 0"))
    var sampler = try BatchSampler(count: 4, batch: 2)
    #expect(message { try sampler.seek(to: .init(epoch: 0, step: 2)) }.contains("an epoch has 2 steps"))
  }
}
