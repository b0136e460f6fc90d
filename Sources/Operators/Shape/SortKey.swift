import HoneIR

/// Integers that are ordered as numbers are: −∞ first, NaN last, −0 equal to 0.
enum SortKey {
  static func of(_ x: Double) -> Int {
    if x.isNaN { return .max }
    let bits = Int(bitPattern: UInt(x == 0 ? 0 : x.bitPattern))
    return bits >= 0 ? bits : .min &- bits
  }

  /// The key of element `i`.
  static func read(_ p: UnsafeRawPointer, _ i: Int, _ element: ElementType) -> Int {
    switch element {
    case .float32:
      let x = p.load(fromByteOffset: i * 4, as: Float.self)
      if x.isNaN { return .max }
      let bits = Int(Int32(bitPattern: x == 0 ? 0 : x.bitPattern))
      return bits >= 0 ? bits : Int(Int32.min) - bits
    case .uint64: return Int(bitPattern: UInt(p.load(fromByteOffset: i * 8, as: UInt64.self))) ^ .min
    case .float64, .float16, .bfloat16: return of(NumberReader.double(p, i, element))
    default: return NumberReader.integer(p, i, element)
    }
  }
}
