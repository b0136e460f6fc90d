import Testing

@testable import HoneDatasets

struct CounterGeneratorTests {
  /// The expected numbers come from the definition of SplitMix64, computed apart in Python.
  @Test func `a stream is SplitMix64 from a hashed start`() {
    var random = CounterGenerator(seed: 7, 3, -1)
    #expect([random.next(), random.next()] == [0xfae613c0c63cc0b6, 0x4a4e03ab9ee5fc6a])
  }

  @Test func `keys are told apart, also by their order`() {
    var firsts = Set<UInt64>()
    for seed in 0..<4 as Range<UInt64> {
      for a in -2..<8 {
        for b in 0..<8 {
          var random = CounterGenerator(seed: seed, a, b)
          firsts.insert(random.next())
        }
      }
    }
    #expect(firsts.count == 4 * 10 * 8)
  }

  @Test func `numbers keep their limits and moments`() {
    var random = CounterGenerator(seed: 1)
    var (sum, squares, counts) = (0.0, 0.0, [Int](repeating: 0, count: 5))
    let count = 20_000
    for _ in 0..<count {
      let normal = Double(random.normal())
      sum += normal
      squares += normal * normal
      counts[random.below(5)] += 1
      let uniform = random.uniform()
      #expect(uniform >= 0 && uniform < 1)
    }
    // Four standard errors of the mean, of the variance and of a count.
    #expect(abs(sum) / Double(count) < 4 / Double(count).squareRoot())
    #expect(abs(squares / Double(count) - 1) < 4 * (2 / Double(count)).squareRoot())
    #expect(counts.allSatisfy { abs(Double($0) - 4000) < 4 * (4000 * 0.8).squareRoot() })
  }

  @Test func `a permutation holds every number once`() {
    var random = CounterGenerator(seed: 9)
    let order = random.permutation(100)
    #expect(order.sorted() == Array(0..<100) && order != Array(0..<100))
  }
}
