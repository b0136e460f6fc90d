public import HoneIR
public import HoneKernels

/// y = xᵉ, of the type of x
public struct Pow: BinaryOp, CompositeOp {
  public init() {}
  public static var since: Int { 12 }
  public var function: BinaryFunction { .pow }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.element(0), try broadcast([call.shape(0), call.shape(1)]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == call.element(1) else { throw GraphError(.unsupported, "has no kernel for two types") }
    return try binaryKernel(function, call)
  }

  /// Base and exponent are brought to one type that holds both.
  public func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value] {
    let (base, exponent) = (try call.element(0), try call.element(1))
    guard base != exponent, let common = Self.commonType(base, exponent) else { throw .unsupported(base) }
    let power = try graph.apply(
      Pow(), graph.apply(Cast(to: common), operands[0]), graph.apply(Cast(to: common), operands[1]))
    return [try graph.apply(Cast(to: base), power)]
  }

  private static func commonType(_ base: ElementType, _ exponent: ElementType) -> ElementType? {
    guard base.scalarType != nil, exponent.scalarType != nil, base != .bool, exponent != .bool else { return nil }
    if base == .float64 || exponent == .float64 { return .float64 }
    if base.isFloatingPoint { return .float32 }
    return exponent.isFloatingPoint ? .float64 : .int64
  }
}
