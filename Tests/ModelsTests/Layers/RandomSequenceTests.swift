import Testing

@testable import HoneModels

struct RandomSequenceTests {
  @Test func numbersDependOnSeedNameAndIndexOnly() {
    let numbers = RandomSequence(seed: 3, name: "conv1.weight")
    #expect(numbers.uniform(1000) == RandomSequence(seed: 3, name: "conv1.weight").uniform(1000))
    #expect(numbers.uniform(1000) != numbers.uniform(1001))
    #expect(numbers.uniform(1000) != RandomSequence(seed: 4, name: "conv1.weight").uniform(1000))
    #expect(numbers.uniform(1000) != RandomSequence(seed: 3, name: "conv2.weight").uniform(1000))
  }

  /// Quantiles of the standard normal distribution.
  @Test(arguments: [
    (0.5, 0), (0.975, 1.959963985), (0.841344746, 1.0), (0.01, -2.326347874), (0.001, -3.090232306),
    (1e-9, -5.997807015), (0.999999, 4.753424309),
  ]) func quantilesAreThoseOfTheNormalDistribution(_ share: Double, _ quantile: Double) {
    #expect(abs(RandomSequence.normalQuantile(share) - quantile) < 1e-7)
  }
}
