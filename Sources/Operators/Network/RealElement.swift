import HoneIR

/// An element type whose values are computed with in `Real`.
protocol RealElement: TensorElement {
  associatedtype Real: BinaryFloatingPoint & RealElement where Real.Real == Real
  var real: Real { get }
  init(real: Real)
}
extension Float: RealElement {
  @inline(__always) var real: Float { self }
  @inline(__always) init(real: Float) { self = real }
}
extension Double: RealElement {
  @inline(__always) var real: Double { self }
  @inline(__always) init(real: Double) { self = real }
}
extension Float16: RealElement {
  @inline(__always) var real: Float { Float(self) }
  @inline(__always) init(real: Float) { self = Float16(real) }
}
extension BFloat16: RealElement {
  @inline(__always) var real: Float { float }
  @inline(__always) init(real: Float) { self = BFloat16(real) }
}
extension Int8: RealElement {
  @inline(__always) var real: Float { Float(self) }
  @inline(__always) init(real: Float) { self = Int8(real) }
}
extension UInt8: RealElement {
  @inline(__always) var real: Float { Float(self) }
  @inline(__always) init(real: Float) { self = UInt8(real) }
}

extension GraphError {
  static func unsupported(_ element: ElementType) -> GraphError {
    GraphError(.unsupported, "has no kernel for \(element.rawValue)")
  }
}
