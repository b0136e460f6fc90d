#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A complex number.
struct Complex<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>: BitwiseCopyable, Sendable {
  var real, imaginary: T

  @inline(__always) init(_ real: T, _ imaginary: T) { (self.real, self.imaginary) = (real, imaginary) }
  static var zero: Complex { Complex(0, 0) }
  /// e^(2πi·`numerator`/`denominator`)
  static func root(_ numerator: Int, of denominator: Int) -> Complex {
    let angle = 2 * Double.pi * Double(numerator % denominator) / Double(denominator)
    return Complex(T(cos(angle)), T(sin(angle)))
  }

  @inline(__always) var conjugate: Complex { Complex(real, -imaginary) }
  @inline(__always) static func + (a: Complex, b: Complex) -> Complex {
    Complex(a.real + b.real, a.imaginary + b.imaginary)
  }
  @inline(__always) static func - (a: Complex, b: Complex) -> Complex {
    Complex(a.real - b.real, a.imaginary - b.imaginary)
  }
  @inline(__always) static func * (a: Complex, b: Complex) -> Complex {
    Complex(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
  @inline(__always) static func * (a: Complex, b: T) -> Complex { Complex(a.real * b, a.imaginary * b) }
}
