import HoneIR
public import HoneKernels

/// y = whether x is infinite, of the signs that are to be detected
public struct IsInf: ClassificationOp {
  public var detect_negative = true
  public var detect_positive = true
  public init() {}
  public static var since: Int { 10 }
  public var function: ClassificationFunction? {
    switch (detect_negative, detect_positive) {
    case (true, true): .infinite
    case (true, false): .negativeInfinite
    case (false, true): .positiveInfinite
    case (false, false): nil
    }
  }
}
