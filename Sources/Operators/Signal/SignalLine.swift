import HoneIR

/// Reads one line of a signal, transforms it and writes the spectrum.
struct SignalLine<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>: Sendable {
  let transform: FourierTransform<T>
  let access: DoubleAccess
  let isInverse: Bool
  /// Half of a symmetric spectrum is enough.
  let isHalf: Bool
  /// 1 for real, 2 for complex numbers.
  let parts, resultParts: Int
  /// Elements of the line before and after.
  let count, resultCount: Int

  private var length: Int { transform.length }
  var scratchByteCount: Int {
    MemoryLayout<Complex<T>>.stride * (2 * length + transform.scratchCount + 1) + 16 * max(count, resultCount, length)
  }

  /// `window` holds a factor for each element.
  func run(
    _ source: UnsafeRawPointer, from start: Int, step: Int, to target: UnsafeMutableRawPointer, from resultStart: Int,
    step resultStep: Int, window: UnsafePointer<Double>?, scratch: UnsafeMutableRawPointer
  ) {
    let x = scratch.assumingMemoryBound(to: Complex<T>.self)
    let (y, rest) = (x + length, x + 2 * length)
    let plain = UnsafeMutableRawPointer(rest + transform.scratchCount).alignedUp(for: Double.self).assumingMemoryBound(
      to: Double.self)

    let taken = min(count, isInverse && isHalf ? length / 2 + 1 : length)
    for i in 0..<length { x[i] = .zero }
    access.load(source, from: start, step: step, count: taken, into: plain)
    for i in 0..<taken { x[i].real = T(plain[i]) }
    if parts == 2 {
      access.load(source, from: start + 1, step: step, count: taken, into: plain)
      for i in 0..<taken { x[i].imaginary = T(plain[i]) }
    }
    if let window { for i in 0..<taken { x[i] = x[i] * T(window[i]) } }

    if isInverse {
      if isHalf { mirror(x) }
      transform.runInverse(x, into: y, scratch: rest)
    } else {
      transform.run(x, into: y, scratch: rest)
    }
    for i in 0..<resultCount { plain[i] = Double(y[i].real) }
    access.store(plain, count: resultCount, into: target, from: resultStart, step: resultStep)
    guard resultParts == 2 else { return }
    for i in 0..<resultCount { plain[i] = Double(y[i].imaginary) }
    access.store(plain, count: resultCount, into: target, from: resultStart + 1, step: resultStep)
  }

  /// Completes the spectrum of a real signal from its first half.
  private func mirror(_ x: UnsafeMutablePointer<Complex<T>>) {
    x[0].imaginary = 0
    if length % 2 == 0 { x[length / 2].imaginary = 0 }
    for i in 1..<max((length + 1) / 2, 1) { x[length - i] = x[i].conjugate }
  }
}
