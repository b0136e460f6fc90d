import HoneKernels
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct NormalizationTests {
  @Test(arguments: InstructionSet.available)
  func `rows are shifted and scaled within their operands`(set: InstructionSet) {
    for n in [1, 3, 8, 16, 17, 50, 64, 100] {
      var random = Random(UInt64(n))
      let x = Guarded(random.floats(n)), scale = Guarded(random.floats(n)), bias = Guarded(random.floats(n))
      let y = Guarded([Float](repeating: .nan, count: n))
      set.normalize(
        x.pointer, count: n, mean: 0.5, factor: 2, scale: scale.pointer, bias: bias.pointer, into: y.pointer)
      for i in 0..<n {
        let expected = (x.pointer[i] - 0.5) * 2 * scale.pointer[i] + bias.pointer[i]
        #expect(abs(y.pointer[i] - expected) <= 1e-6, "\(set) \(n) at \(i)")
      }
      set.affine(x.pointer, count: n, a: scale.pointer, b: bias.pointer, into: y.pointer)
      #expect((0..<n).allSatisfy { abs(y.pointer[$0] - scale.pointer[$0] * x.pointer[$0] - bias.pointer[$0]) <= 1e-6 })
      set.affine(x.pointer, count: n, a: 3, b: -1, into: y.pointer)
      #expect((0..<n).allSatisfy { abs(y.pointer[$0] - 3 * x.pointer[$0] + 1) <= 1e-6 })
      let squares = x.array.reduce(0) { $0 + (Double($1) - 0.25) * (Double($1) - 0.25) }
      #expect(abs(Double(set.deviation(x.pointer, count: n, mean: 0.25)) - squares) <= 1e-5 * max(1, squares))
    }
  }

  @Test(arguments: InstructionSet.available, [Float(0.75), 0.5, 1, 0.6])
  func `local response matches the definition`(set: InstructionSet, beta: Float) {
    let (channels, n) = (7, 37)
    var random = Random(1)
    let x = Guarded(random.floats(channels * n)), y = Guarded([Float](repeating: .nan, count: channels * n))
    let response = LocalResponse(channels: channels, before: 1, after: 2, bias: 1.5, factor: 0.3, beta: beta)
    set.normalize(x.pointer, stride: n, count: n, response, into: y.pointer)
    for c in 0..<channels {
      for i in 0..<n {
        let sum = (max(c - 1, 0)...min(c + 2, channels - 1)).reduce(0.0) { $0 + pow(Double(x.pointer[$1 * n + i]), 2) }
        let expected = Double(x.pointer[c * n + i]) * pow(1.5 + Double(Float(0.3)) * sum, -Double(beta))
        #expect(abs(Double(y.pointer[c * n + i]) - expected) <= 1e-6, "\(set) channel \(c) at \(i)")
      }
    }
  }
}
