import HoneKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reproducible values.
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
  mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
  mutating func int32s(_ count: Int, _ range: ClosedRange<Int32>) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: range, using: &self) }
  }
}

extension Activation {
  func callAsFunction(_ x: Double) -> Double {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    return switch self {
    case .none: x
    case .relu: Swift.max(x, 0)
    case .clip(let low, let high): Swift.min(Swift.max(x, Double(low)), Double(high))
    case .leakyRelu(let slope): x < 0 ? x * Double(slope) : x
    case .sigmoid: sigmoid(x)
    case .tanh: hyperbolicTangent(x)
    case .gelu: x / 2 * (1 + erf(x / 2.squareRoot()))
    case .geluTanh: x / 2 * (1 + hyperbolicTangent((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .silu: x * sigmoid(x)
    case .hardSigmoid(let alpha, let beta): Swift.min(Swift.max(Double(alpha) * x + Double(beta), 0), 1)
    case .hardSwish: x * Swift.min(Swift.max(x / 6 + 0.5, 0), 1)
    }
  }
}

/// Σ over taps of a convolution in loops, channels last; `x` and `w` give values, 0 in the padding.
func convolve<Number: Numeric>(
  _ s: ConvolutionShape, x: (_ image: Int, _ pixel: Int, _ channel: Int) -> Number,
  w: (_ output: Int, _ channel: Int, _ tap: Int) -> Number
) -> [Number] {
  var y: [Number] = []
  for image in 0..<s.batch {
    for pixel in 0..<s.outputPixels {
      let taps = (0..<s.taps).compactMap { tap in inputPixel(s, pixel, tap).map { (tap, $0) } }
      for o in 0..<s.outputChannels {
        let group = o / s.outputChannelsPerGroup
        var sum: Number = 0
        for (tap, input) in taps {
          for i in 0..<s.inputChannelsPerGroup {
            sum += x(image, input, group * s.inputChannelsPerGroup + i) * w(o, i, tap)
          }
        }
        y.append(sum)
      }
    }
  }
  return y
}

/// The input position of a tap of an output position; nil in the padding.
func inputPixel(_ s: ConvolutionShape, _ pixel: Int, _ tap: Int) -> Int? {
  var (pixel, tap, result, step) = (pixel, tap, 0, 1)
  for axis in s.input.indices.reversed() {
    let i =
      pixel % s.output[axis] * s.strides[axis] - s.padsBegin[axis] + tap % s.kernel[axis] * s.dilations[axis]
    guard i >= 0, i < s.input[axis] else { return nil }
    result += i * step
    (pixel, tap, step) = (pixel / s.output[axis], tap / s.kernel[axis], step * s.input[axis])
  }
  return result
}

/// The largest |a − b| / (1 + |b|).
func distance(_ a: [Float], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  return zip(a, b).reduce(0) { worst, pair in
    let d = abs(Double(pair.0) - pair.1) / (1 + abs(pair.1))
    return d.isNaN ? .infinity : Swift.max(worst, d)
  }
}

func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

func exponential(_ x: Double) -> Double { exp(x) }
