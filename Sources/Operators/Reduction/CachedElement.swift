import HoneIR
import HoneKernels

/// A number that a cache of keys and values holds; sums of such numbers are float32.
protocol CachedElement: TensorElement {
  static func load(_ x: UnsafePointer<Self>) -> SIMD16<Float>
  var number: Float { get }
  /// y = x, rounded
  static func store(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Self>, _ count: Int)
}

extension Float: CachedElement {
  @inline(__always)
  static func load(_ x: UnsafePointer<Float>) -> SIMD16<Float> {
    UnsafeRawPointer(x).loadUnaligned(as: SIMD16<Float>.self)
  }
  var number: Float { self }
  static func store(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
    y.update(from: x, count: count)
  }
}

extension BFloat16: CachedElement {
  @inline(__always)
  static func load(_ x: UnsafePointer<BFloat16>) -> SIMD16<Float> {
    let bits = UnsafeRawPointer(x).loadUnaligned(as: SIMD16<UInt16>.self)
    return unsafeBitCast(SIMD16<UInt32>(truncatingIfNeeded: bits) &<< 16, to: SIMD16<Float>.self)
  }
  var number: Float { float }
  static func store(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<BFloat16>, _ count: Int) {
    InstructionSet.current.convert(x, .float32, to: y, .bfloat16, count: count)
  }
}

extension CachedElement {
  /// Σ a·b
  @inline(__always)
  static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Self>, _ count: Int) -> Float {
    var sums = SIMD16<Float>.zero
    var i = 0
    while i + 16 <= count {
      sums += UnsafeRawPointer(a + i).loadUnaligned(as: SIMD16<Float>.self) * load(b + i)
      i += 16
    }
    var sum = sums.sum()
    while i < count {
      sum += a[i] * b[i].number
      i += 1
    }
    return sum
  }

  /// y += weight · x
  @inline(__always)
  static func add(_ weight: Float, _ x: UnsafePointer<Self>, to y: UnsafeMutablePointer<Float>, _ count: Int) {
    var i = 0
    while i + 16 <= count {
      let new = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD16<Float>.self) + weight * load(x + i)
      UnsafeMutableRawPointer(y + i).storeBytes(of: new, as: SIMD16<Float>.self)
      i += 16
    }
    while i < count {
      y[i] += weight * x[i].number
      i += 1
    }
  }
}
