#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is done to the scores of a row at the end.
public enum PostTransform: String, Sendable, Hashable, Codable {
  case none = "NONE"
  case softmax = "SOFTMAX"
  case logistic = "LOGISTIC"
  case softmaxZero = "SOFTMAX_ZERO"
  case probit = "PROBIT"

  func apply<T: BinaryFloatingPoint>(_ scores: UnsafeMutablePointer<T>, _ count: Int) {
    switch self {
    case .none: break
    case .logistic: for i in 0..<count { scores[i] = T(Self.logistic(Double(scores[i]))) }
    case .probit: for i in 0..<count { scores[i] = T(Self.probit(Double(scores[i]))) }
    case .softmax: softmax(scores, count) { _ in false }
    case .softmaxZero: softmax(scores, count) { $0.magnitude <= 1e-7 }
    }
  }

  /// A lone score is only transformed by PROBIT, as ONNX Runtime does it.
  func applyUnlessAlone<T: BinaryFloatingPoint>(_ scores: UnsafeMutablePointer<T>, _ count: Int) {
    if count > 1 || self == .probit { apply(scores, count) }
  }

  /// Scores that stay near zero take no part in the sum.
  private func softmax<T: BinaryFloatingPoint>(_ scores: UnsafeMutablePointer<T>, _ count: Int, _ isZero: (T) -> Bool) {
    guard count > 0 else { return }
    var largest = scores[0]
    for i in 1..<max(count, 1) { largest = max(largest, scores[i]) }
    var sum = 0.0
    for i in 0..<count {
      if isZero(scores[i]) {
        scores[i] = T(Double(scores[i]) * exp(-Double(largest)))
      } else {
        let power = exp(Double(scores[i] - largest))
        sum += power
        scores[i] = T(power)
      }
    }
    for i in 0..<count { scores[i] = T(Double(scores[i]) / sum) }
  }

  static func logistic(_ x: Double) -> Double {
    let y = 1 / (1 + exp(-abs(x)))
    return x < 0 ? 1 - y : y
  }

  /// √2·erf⁻¹(2x − 1), with Winitzki's approximation of erf⁻¹ that ONNX prescribes by example.
  static func probit(_ x: Double) -> Double {
    let y = 2 * x - 1
    let logarithm = log((1 - y) * (1 + y))
    let a = 2 / (Double.pi * 0.147) + 0.5 * logarithm
    let root = ((a * a - logarithm / 0.147).squareRoot() - a).squareRoot()
    return 1.41421356 * (y < 0 ? -root : root)
  }
}
