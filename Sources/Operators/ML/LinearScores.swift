import HoneIR

/// Scores x·wᵀ + b of rows of float32 features.
struct LinearScores: Sendable {
  let coefficients: [Float]
  let intercepts: [Float]
  let count: Int
  let features: Int

  init(_ coefficients: [Float], _ intercepts: [Float], count: Int, features: Int) throws(GraphError) {
    guard coefficients.count == count * features else {
      throw GraphError(.attribute, "\(coefficients.count) coefficients for \(count) scores of \(features) features")
    }
    guard intercepts.isEmpty || intercepts.count == count else {
      throw GraphError(.attribute, "\(intercepts.count) intercepts for \(count) scores")
    }
    (self.coefficients, self.intercepts, self.count, self.features) = (coefficients, intercepts, count, features)
  }

  func run(_ row: UnsafePointer<Float>, into scores: UnsafeMutablePointer<Float>) {
    coefficients.withUnsafeBufferPointer { weights in
      guard let base = weights.baseAddress else { return }
      for i in 0..<count {
        scores[i] = dot(row, base + i * features, features) + (intercepts.isEmpty ? 0 : intercepts[i])
      }
    }
  }
}

/// Σ a·b
func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
  var sums = SIMD16<Float>.zero
  var i = 0
  while i + 16 <= count {
    sums +=
      left.loadUnaligned(fromByteOffset: 4 * i, as: SIMD16<Float>.self)
      * right.loadUnaligned(fromByteOffset: 4 * i, as: SIMD16<Float>.self)
    i += 16
  }
  var sum = sums.sum()
  while i < count {
    sum += a[i] * b[i]
    i += 1
  }
  return sum
}
