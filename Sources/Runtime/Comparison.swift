public import HoneIR

/// How far two values differ.
public struct Comparison: Sendable {
  /// Largest |a − b| over elements that are finite in both.
  public var maximumDifference = 0.0
  /// Largest |a − b| relative to the largest finite |b|.
  public var relativeToScale = 0.0
  /// Largest |b|.
  public var scale = 0.0
  /// Why the values do not match, or nil.
  public var mismatch: String?
  public var matches: Bool { mismatch == nil }

  /// What counts as equal.
  public enum Tolerance: Sendable {
    /// |a − b| ≤ atol + rtol · |b|, for each element, as NumPy's `allclose`.
    case elementwise(rtol: Double, atol: Double)
    /// |a − b| ≤ rtol · |b| + atol · max |b|, or at most 2⁻²², for each element: sigmoids and softmaxes are made of
    /// numbers near 1, and smaller differences are their rounding.
    case scaled(rtol: Double, atol: Double)
  }

  /// Compares `value` with what was `expected`. `step` is one quantization step that integers may be off by.
  public init(_ value: RuntimeValue, expected: RuntimeValue, _ tolerance: Tolerance, integerStep: Int = 0) {
    switch (value, expected) {
    case (.tensor(let a), .tensor(let b)): compare(a, b, tolerance, integerStep)
    case (.sequence(let a, _), .sequence(let b, _)):
      guard a.count == b.count else {
        mismatch = "a sequence of \(a.count) items, expected \(b.count)"
        return
      }
      for (i, (x, y)) in zip(a, b).enumerated() { merge(Comparison(x, expected: y, tolerance, integerStep: integerStep), "item \(i)") }
    case (.optional(let a, _), .optional(let b, _)):
      if let a, let b { merge(Comparison(a, expected: b, tolerance, integerStep: integerStep), "optional") }
      if (a == nil) != (b == nil) { mismatch = a == nil ? "an empty optional, expected a value" : "a value, expected an empty optional" }
    case (.optional(let a?, _), let b): self = Comparison(a, expected: b, tolerance, integerStep: integerStep)
    case (let a, .optional(let b?, _)): self = Comparison(a, expected: b, tolerance, integerStep: integerStep)
    case (.map(let a, _, _), .map(let b, _, _)):
      guard Set(a.keys) == Set(b.keys) else {
        mismatch = "a map with other keys"
        return
      }
      for (key, x) in a { merge(Comparison(x, expected: b[key]!, tolerance, integerStep: integerStep), "key \(key)") }
    default: mismatch = "\(value.type), expected \(expected.type)"
    }
  }

  private mutating func merge(_ other: Comparison, _ place: String) {
    maximumDifference = max(maximumDifference, other.maximumDifference)
    relativeToScale = max(relativeToScale, other.relativeToScale)
    scale = max(scale, other.scale)
    if let reason = other.mismatch, mismatch == nil { mismatch = "\(place): \(reason)" }
  }

  private mutating func compare(_ a: Tensor, _ b: Tensor, _ tolerance: Tolerance, _ integerStep: Int) {
    guard a.element == b.element, a.sizes == b.sizes else {
      mismatch = "\(a.type), expected \(b.type)"
      return
    }
    if a.element == .string {
      if let i = a.strings.indices.first(where: { a.strings[$0] != b.strings[$0] }) {
        mismatch = "element \(i) is \"\(a.strings[i])\", expected \"\(b.strings[i])\""
      }
      return
    }
    if a.element.isComplex { return compareComplex(a, b, tolerance) }
    if a.element == .int64 || a.element == .uint64 {
      if let i = (0..<a.elementCount).first(where: { abs(a.integer(at: $0).distance(to: b.integer(at: $0))) > integerStep }) {
        mismatch = "element \(i) is \(a.integer(at: i)), expected \(b.integer(at: i))"
      }
      return
    }
    compare(a.doubles, b.doubles, tolerance, step: a.element.isFloatingPoint ? 0 : Double(integerStep))
  }

  private mutating func compareComplex(_ a: Tensor, _ b: Tensor, _ tolerance: Tolerance) {
    let element: ElementType = a.element == .complex64 ? .float32 : .float64
    func parts(_ tensor: Tensor) -> [Double] {
      tensor.withBytes { bytes in Tensor(uninitialized: TensorType(element, [tensor.elementCount * 2])) { $0.copyMemory(from: bytes) } }.doubles
    }
    compare(parts(a), parts(b), tolerance, step: 0)
  }

  private mutating func compare(_ a: [Double], _ b: [Double], _ tolerance: Tolerance, step: Double) {
    scale = b.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    for i in a.indices {
      if a[i] == b[i] || (a[i].isNaN && b[i].isNaN) { continue }
      let difference = abs(a[i] - b[i])
      let allowed =
        switch tolerance {
        case .elementwise(let rtol, let atol): atol + rtol * abs(b[i])
        case .scaled(let rtol, let atol): max(rtol * abs(b[i]) + atol * scale, 0x1p-22)
        }
      if difference.isFinite { maximumDifference = max(maximumDifference, difference) }
      if !(difference <= max(allowed, step)), mismatch == nil { mismatch = "element \(i) is \(a[i]), expected \(b[i])" }
    }
    relativeToScale = scale > 0 ? maximumDifference / scale : maximumDifference
  }
}
