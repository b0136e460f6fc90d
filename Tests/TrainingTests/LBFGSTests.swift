import HoneIR
import HoneTraining
import Testing

struct LBFGSTests {
  /// Rosenbrock's valley in six dimensions, whose minimum is 0 at (1, …, 1).
  @Test func curvedValley() throws {
    let start: [Double] = [-1.2, 1, -1.2, 1, -1.2, 1]
    let (point, iterations) = try LBFGS().minimize(from: start) { x in
      var (value, gradient) = (0.0, [Double](repeating: 0, count: 6))
      for i in 0..<5 {
        let (bend, way) = (x[i + 1] - x[i] * x[i], 1 - x[i])
        value += 100 * bend * bend + way * way
        gradient[i] += -400 * x[i] * bend - 2 * way
        gradient[i + 1] += 200 * bend
      }
      return (value, gradient)
    }
    #expect(point.value < 1e-12 && point.position.allSatisfy { abs($0 - 1) < 1e-5 })
    #expect(iterations < 100)
  }

  @Test func badlyScaledBowl() throws {
    let scales: [Double] = [1, 10, 100, 1000]
    let (point, _) = try LBFGS().minimize(from: [5, -4, 3, -2]) { x in
      let offsets = zip(x, scales).map { ($0 - 1) * $1 }
      return (zip(offsets, x).reduce(0) { $0 + $1.0 * ($1.1 - 1) } / 2, offsets)
    }
    #expect(point.position.allSatisfy { abs($0 - 1) < 1e-6 })
  }

  @Test func aStartThatIsNotFiniteIsRefused() {
    #expect(throws: GraphError.self) { () throws in _ = try LBFGS().minimize(from: [1]) { _ in (.nan, [0]) } }
  }
}
