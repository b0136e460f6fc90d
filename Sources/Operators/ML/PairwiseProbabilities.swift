#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Probabilities of classes from the margins between pairs of them
/// (Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise coupling", 2004, second method).
struct PairwiseProbabilities {
  let count: Int
  private let slopes, offsets: [Float]

  init(count: Int, _ slopes: [Float], _ offsets: [Float]) {
    (self.count, self.slopes, self.offsets) = (count, slopes, offsets)
  }

  /// `scratch` holds `count`·(`count` + 2) numbers.
  func write(
    _ margins: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Double>
  ) {
    let q = scratch
    let (p, product) = (q + count * count, q + count * count + count)
    fill(q, margins)
    for t in 0..<count { p[t] = 1 / Double(count) }
    for _ in 0..<max(100, count) {
      var quadratic = 0.0
      for t in 0..<count {
        product[t] = 0
        for j in 0..<count { product[t] += q[t * count + j] * p[j] }
        quadratic += p[t] * product[t]
      }
      let error = (0..<count).reduce(0.0) { max($0, abs(product[$1] - quadratic)) }
      if error < 0.005 / Double(count) { break }
      for t in 0..<count {
        let change = (quadratic - product[t]) / q[t * count + t]
        p[t] += change
        quadratic = (quadratic + change * (change * q[t * count + t] + 2 * product[t])) / ((1 + change) * (1 + change))
        for j in 0..<count {
          product[j] = (product[j] + change * q[t * count + j]) / (1 + change)
          p[j] /= 1 + change
        }
      }
    }
    for t in 0..<count { scores[t] = Float(p[t]) }
  }

  /// The matrix of the quadratic form that the probabilities minimize.
  private func fill(_ q: UnsafeMutablePointer<Double>, _ margins: UnsafePointer<Float>) {
    for i in 0..<(count * count) { q[i] = 0 }
    var pair = 0
    for i in 0..<count {
      for j in (i + 1)..<max(count, i + 1) {
        let slope = Double(margins[pair]) * Double(slopes[pair]) + Double(offsets[pair])
        let first = min(max(1 / (1 + exp(slope)), 1e-7), 1 - 1e-7)
        let second = 1 - first
        q[i * count + i] += second * second
        q[j * count + j] += first * first
        q[i * count + j] = -first * second
        q[j * count + i] = -first * second
        pair += 1
      }
    }
  }
}
