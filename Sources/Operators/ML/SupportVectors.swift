#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import HoneIR

/// How alike two vectors are, by the kernels of support vector machines.
public enum VectorKernel: String, Sendable, Hashable, Codable {
  case linear = "LINEAR"
  case polynomial = "POLY"
  case radial = "RBF"
  case sigmoid = "SIGMOID"
}

/// Support vectors and the kernel that compares rows with them.
struct SupportVectors: Sendable {
  let kernel: VectorKernel
  let vectors: [Float]
  let count: Int
  let features: Int
  private let gamma, offset, degree: Float

  init(_ kernel: VectorKernel, _ parameters: [Float], _ vectors: [Float], count: Int, features: Int) throws(GraphError)
  {
    guard vectors.count == count * features else {
      throw GraphError(.attribute, "\(vectors.count) elements for \(count) support vectors of \(features) features")
    }
    (self.kernel, self.vectors, self.count, self.features) = (kernel, vectors, count, features)
    (gamma, offset, degree) = parameters.count >= 3 ? (parameters[0], parameters[1], parameters[2]) : (0, 0, 0)
  }

  /// The likeness of `row` to every vector.
  func compare(_ row: UnsafePointer<Float>, into values: UnsafeMutablePointer<Float>) {
    vectors.withUnsafeBufferPointer { vectors in
      guard let base = vectors.baseAddress else { return }
      for i in 0..<count { values[i] = likeness(row, base + i * features) }
    }
  }

  private func likeness(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
    switch kernel {
    case .linear: return dot(a, b, features)
    case .polynomial: return pow(gamma * dot(a, b, features) + offset, degree)
    case .sigmoid: return tanh(gamma * dot(a, b, features) + offset)
    case .radial:
      var sum: Float = 0
      for i in 0..<features { sum += (a[i] - b[i]) * (a[i] - b[i]) }
      return exp(-gamma * sum)
    }
  }
}
