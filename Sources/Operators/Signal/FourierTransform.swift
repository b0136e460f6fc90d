/// The discrete Fourier transform of one length: y[k] = Σ x[n]·e^(−2πi·kn/N).
///
/// Lengths whose prime factors are small are split into their factors; others become a convolution of a power of two
/// (Bluestein, "A linear filtering approach to the computation of the discrete Fourier transform", 1970).
struct FourierTransform<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>: Sendable {
  let length: Int
  private let factors: [Int]
  /// e^(−2πi·k/N) for all k.
  private let roots: [Complex<T>]
  private let convolution: Convolution?

  private final class Convolution: Sendable {
    let transform: FourierTransform<T>
    /// e^(−πi·n²/N)
    let chirp: [Complex<T>]
    /// The transform of the conjugate chirp, divided by its length.
    let filter: [Complex<T>]

    init(_ length: Int) {
      var size = 1
      while size < 2 * length - 1 { size *= 2 }
      let transform = FourierTransform<T>(size)
      let chirp = (0..<length).map { Complex<T>.root($0 * $0 % (2 * length), of: 2 * length).conjugate }
      var kernel = [Complex<T>](repeating: .zero, count: size)
      for i in 0..<length {
        kernel[i] = chirp[i].conjugate
        if i > 0 { kernel[size - i] = chirp[i].conjugate }
      }
      var filter = [Complex<T>](repeating: .zero, count: size)
      withUnsafeTemporaryAllocation(of: Complex<T>.self, capacity: transform.scratchCount) { scratch in
        transform.run(kernel, into: &filter, scratch: scratch.baseAddress!)
      }
      self.transform = transform
      self.chirp = chirp
      self.filter = filter.map { $0 * (1 / T(size)) }
    }
  }

  init(_ length: Int) {
    self.length = length
    let factors = smallFactors(of: length)
    if factors.isEmpty && length > 1 {
      (self.factors, roots, convolution) = ([], [], Convolution(length))
    } else {
      self.factors = factors
      roots = (0..<max(length, 1)).map { Complex<T>.root($0, of: max(length, 1)).conjugate }
      convolution = nil
    }
  }

  /// Complex numbers that `run` needs as scratch memory.
  var scratchCount: Int {
    guard let convolution else { return largestFactor + 1 }
    return 2 * convolution.transform.length + convolution.transform.scratchCount
  }

  /// Transforms `length` numbers. `x` and `y` must not overlap.
  func run(
    _ x: UnsafePointer<Complex<T>>, into y: UnsafeMutablePointer<Complex<T>>, scratch: UnsafeMutablePointer<Complex<T>>
  ) {
    guard let convolution else { return split(x, 1, length, 0, y, scratch) }
    let size = convolution.transform.length
    let (a, b, rest) = (scratch, scratch + size, scratch + 2 * size)
    for i in 0..<size { a[i] = i < length ? x[i] * convolution.chirp[i] : .zero }
    convolution.transform.run(a, into: b, scratch: rest)
    for i in 0..<size { b[i] = (b[i] * convolution.filter[i]).conjugate }
    convolution.transform.run(b, into: a, scratch: rest)
    for i in 0..<length { y[i] = a[i].conjugate * convolution.chirp[i] }
  }

  /// The inverse transform: x[n] = 1/N · Σ y[k]·e^(2πi·kn/N). Conjugates `x` in place.
  func runInverse(
    _ x: UnsafeMutablePointer<Complex<T>>, into y: UnsafeMutablePointer<Complex<T>>,
    scratch: UnsafeMutablePointer<Complex<T>>
  ) {
    for i in 0..<length { x[i] = x[i].conjugate }
    run(x, into: y, scratch: scratch)
    let scale = 1 / T(length)
    for i in 0..<length { y[i] = y[i].conjugate * scale }
  }

  /// Transforms `count` numbers of `x`, `stride` apart, by factor number `level` and those after it.
  private func split(
    _ x: UnsafePointer<Complex<T>>, _ stride: Int, _ count: Int, _ level: Int, _ y: UnsafeMutablePointer<Complex<T>>,
    _ scratch: UnsafeMutablePointer<Complex<T>>
  ) {
    if count <= 1 {
      if count == 1 { y[0] = x[0] }
      return
    }
    let factor = factors[level]
    let part = count / factor
    for i in 0..<factor { split(x + i * stride, stride * factor, part, level + 1, y + i * part, scratch) }
    roots.withUnsafeBufferPointer { roots in
      switch factor {
      case 2: joinPairs(y, part, stride, roots)
      case 4: joinQuadruples(y, part, stride, roots)
      default: join(y, factor, part, stride, roots, scratch)
      }
    }
  }

  private func joinPairs(
    _ y: UnsafeMutablePointer<Complex<T>>, _ part: Int, _ stride: Int, _ roots: UnsafeBufferPointer<Complex<T>>
  ) {
    for j in 0..<part {
      let (a, b) = (y[j], y[part + j] * roots[j * stride])
      (y[j], y[part + j]) = (a + b, a - b)
    }
  }

  private func joinQuadruples(
    _ y: UnsafeMutablePointer<Complex<T>>, _ part: Int, _ stride: Int, _ roots: UnsafeBufferPointer<Complex<T>>
  ) {
    for j in 0..<part {
      let a = y[j]
      let b = y[part + j] * roots[j * stride]
      let c = y[2 * part + j] * roots[2 * j * stride]
      let d = y[3 * part + j] * roots[3 * j * stride]
      let (sum, difference) = (a + c, a - c)
      let (otherSum, other) = (b + d, b - d)
      let turned = Complex(other.imaginary, -other.real)
      (y[j], y[part + j]) = (sum + otherSum, difference + turned)
      (y[2 * part + j], y[3 * part + j]) = (sum - otherSum, difference - turned)
    }
  }

  private func join(
    _ y: UnsafeMutablePointer<Complex<T>>, _ factor: Int, _ part: Int, _ stride: Int,
    _ roots: UnsafeBufferPointer<Complex<T>>,
    _ scratch: UnsafeMutablePointer<Complex<T>>
  ) {
    let turn = stride * part
    for j in 0..<part {
      for k in 0..<factor { scratch[k] = y[k * part + j] * roots[k * j * stride] }
      for q in 0..<factor {
        var sum = scratch[0]
        for k in 1..<factor { sum = sum + scratch[k] * roots[q * k % factor * turn] }
        y[q * part + j] = sum
      }
    }
  }
}

/// The largest prime factor that is worth splitting off.
private let largestFactor = 31

/// Factors of `length`, those of 4 and 2 last; none if a prime factor is large.
func smallFactors(of length: Int) -> [Int] {
  var factors: [Int] = []
  var rest = length
  while rest % 4 == 0 && rest > 0 { (rest, factors) = (rest / 4, [4] + factors) }
  var factor = 2
  while rest > 1 && factor <= largestFactor {
    if rest % factor == 0 { (rest, factors) = (rest / factor, [factor] + factors) } else { factor += 1 }
  }
  return rest > 1 ? [] : factors
}
