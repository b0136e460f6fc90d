public import HoneIR
public import HoneKernels

/// y = a − b · ⌊a / b⌋, or with `fmod` a − b · trunc(a / b)
public struct Mod: BinaryOp, SymbolicOp {
  public var fmod = false
  public init() {}
  public static var since: Int { 10 }
  public var function: BinaryFunction { fmod ? .remainder : .modulo }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    symbolicElements(call) { a, b in
      guard a.isNonNegative && b.isNonNegative, let quotient = a.truncatedQuotient(b) else { return nil }
      return a - quotient * b
    }
  }
}
