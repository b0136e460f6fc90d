#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import HoneIR

/// Where random numbers are drawn from.
enum Distribution: Sendable {
  case uniform(low: Double, high: Double)
  case normal(mean: Double, scale: Double)

  /// Fills a result of `count` elements anew with every run.
  func kernel(_ type: TensorType, seed: Float?) throws(GraphError) -> Kernel {
    guard type.element.isFloatingPoint else {
      throw GraphError(.unsupported, "random numbers of type \(type.element.rawValue)")
    }
    let access = try DoubleAccess(type.element)
    let stream = RandomStream(seed: seed)
    let count = type.elementCount!
    return Kernel { frame in
      let numbers = stream.nextRun()
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2) { pair in
        for i in stride(from: 0, to: count, by: 2) {
          (pair[0], pair[1]) = draw(numbers.pair(i / 2))
          access.store(pair.baseAddress!, count: min(2, count - i), into: frame.resultBytes(), from: i)
        }
      }
    }
  }

  /// Two draws from two uniform numbers; normal ones by Box and Muller's transform.
  private func draw(_ u: (Double, Double)) -> (Double, Double) {
    switch self {
    case .uniform(let low, let high): return (low + (high - low) * u.0, low + (high - low) * u.1)
    case .normal(let mean, let scale):
      let radius = scale * (-2 * log(1 - u.0)).squareRoot()
      return (mean + radius * cos(2 * .pi * u.1), mean + radius * sin(2 * .pi * u.1))
    }
  }
}
