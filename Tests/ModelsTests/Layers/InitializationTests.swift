import HoneIR
import Testing

@testable import HoneModels

struct InitializationTests {
  /// 20,000 weights of 50 inputs and 25 outputs.
  private func weights(_ initialization: Initialization) -> [Double] {
    initialization.tensor(
      [200, 100], fans: Fans(incoming: 50, outgoing: 25), RandomSequence(seed: 1, name: "weight")
    ).doubles
  }
  private func deviation(_ values: [Double]) -> Double {
    (values.map { $0 * $0 }.reduce(0, +) / Double(values.count)).squareRoot()
  }

  /// A uniform distribution between ±b has the deviation b/√3.
  @Test(arguments: [
    (Initialization.standard, 0.0816497), (.uniform(0.3), 0.1732051), (.normal(deviation: 0.02), 0.02),
    (.kaimingNormal, 0.2), (.kaimingNormalOutgoing, 0.2828427), (.xavierUniform, 0.1632993),
    // Cut at two deviations, a normal distribution keeps 0.8796 of its deviation.
    (.truncatedNormal(deviation: 0.02), 0.0175925),
  ]) func hasItsMeanAndDeviation(_ initialization: Initialization, _ expected: Double) {
    let values = weights(initialization)
    #expect(abs(values.reduce(0, +) / Double(values.count)) < 0.03 * expected)
    #expect(abs(deviation(values) / expected - 1) < 0.02)
  }

  @Test func boundsAreKept() {
    #expect(weights(.standard).allSatisfy { abs($0) <= 0.1414214 })
    #expect(weights(.truncatedNormal(deviation: 1)).allSatisfy { abs($0) <= 2.000001 })
    #expect(weights(.normal(deviation: 1)).contains { abs($0) > 2 })
  }

  @Test func fansOfWeightsCountTheWindow() {
    #expect(Fans([64, 3, 7, 7]) == Fans(incoming: 147, outgoing: 3136))
  }
}
