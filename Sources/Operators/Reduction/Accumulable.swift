import HoneIR
import HoneKernels

/// An element type that reductions bring together as it is.
protocol Accumulable: TensorElement, Comparable, Numeric {
  /// y = y ∘ x₀ ∘ x₁ …
  static func reduce(_ x: UnsafePointer<Self>, count: Int, _ kind: Accumulation, into y: inout Self)
  /// y[j] = y[j] ∘ x[j] ∘ x[stride + j] …
  static func reduceColumns(
    _ x: UnsafePointer<Self>, stride: Int, rows: Int, count: Int, _ kind: Accumulation,
    into y: UnsafeMutablePointer<Self>)
  static func combine(_ y: Self, _ x: Self, _ kind: Accumulation) -> Self
  /// What an empty set gives.
  static func identity(_ kind: Accumulation) -> Self
  /// c + a·b; integers wrap.
  static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self
  var double: Double { get }
  init(converting value: Double)
}

extension Accumulable {
  static func reduce(_ x: UnsafePointer<Self>, count: Int, _ kind: Accumulation, into y: inout Self) {
    var result = y
    for i in 0..<count { result = combine(result, x[i], kind) }
    y = result
  }
  static func reduceColumns(
    _ x: UnsafePointer<Self>, stride: Int, rows: Int, count: Int, _ kind: Accumulation,
    into y: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let source = x + row * stride
      for j in 0..<count { y[j] = combine(y[j], source[j], kind) }
    }
  }
}

extension Accumulable where Self: FixedWidthInteger {
  @inline(__always)
  static func combine(_ y: Self, _ x: Self, _ kind: Accumulation) -> Self {
    switch kind {
    case .sum: y &+ x
    case .sumAbs: y &+ (x < 0 ? 0 &- x : x)
    case .sumSquare: y &+ x &* x
    case .max: Swift.max(y, x)
    case .min: Swift.min(y, x)
    case .product: y &* x
    }
  }
  static func identity(_ kind: Accumulation) -> Self {
    switch kind {
    case .sum, .sumAbs, .sumSquare: 0
    case .max: .min
    case .min: .max
    case .product: 1
    }
  }
  @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self { c &+ a &* b }
  var double: Double { Double(self) }
  init(converting value: Double) {
    self = value.isNaN ? 0 : Self(clamping: Int(Swift.max(-9.2e18, Swift.min(9.2e18, value))))
  }
}

extension Accumulable where Self: BinaryFloatingPoint {
  @inline(__always)
  static func combine(_ y: Self, _ x: Self, _ kind: Accumulation) -> Self {
    switch kind {
    case .sum: y + x
    case .sumAbs: y + abs(x)
    case .sumSquare: y + x * x
    case .max: y < x || x.isNaN ? x : y
    case .min: y > x || x.isNaN ? x : y
    case .product: y * x
    }
  }
  static func identity(_ kind: Accumulation) -> Self {
    switch kind {
    case .sum, .sumAbs, .sumSquare: 0
    case .max: -.infinity
    case .min: .infinity
    case .product: 1
    }
  }
  @inline(__always) static func multiplyAdd(_ a: Self, _ b: Self, _ c: Self) -> Self { c + a * b }
  var double: Double { Double(self) }
  init(converting value: Double) { self = Self(value) }
}

extension Float: Accumulable {
  static func reduce(_ x: UnsafePointer<Float>, count: Int, _ kind: Accumulation, into y: inout Float) {
    InstructionSet.current.reduce(x, count: count, kind, into: &y)
  }
  static func reduceColumns(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, _ kind: Accumulation,
    into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.reduceColumns(x, stride: stride, rows: rows, count: count, kind, into: y)
  }
}
extension Double: Accumulable {}
extension Int8: Accumulable {}
extension Int16: Accumulable {}
extension Int32: Accumulable {}
extension Int64: Accumulable {}
extension UInt8: Accumulable {}
extension UInt16: Accumulable {}
extension UInt32: Accumulable {}
extension UInt64: Accumulable {}
