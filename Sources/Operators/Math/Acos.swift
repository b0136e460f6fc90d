import HoneIR
public import HoneKernels

/// y = arccos x
public struct Acos: UnaryOp {
  public init() {}
  public static var since: Int { 7 }
  public var function: UnaryFunction { .acos }
}
