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

extension Pow: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // e·xᵉ⁻¹ and xᵉ·ln x; the exponent of a base that is not positive has none.
    guard let dy = cotangents[0] else { return [] }
    let (x, exponent) = (node.operands[0]!, node.operands[1]!)
    let (base, power) = (g.tensorType(of: x).element, g.tensorType(of: exponent).element)
    if let known = g.constant(exponent), known.elementCount == 1, known.double(at: 0) == 2 {
      return [try g.reduced(g.apply(Mul(), dy, g.apply(Mul(), x, g.number(2, like: x))), like: x)]
    }
    let e = base == power ? exponent : try g.cast(exponent, to: base)
    let lower = try g.apply(Pow(), x, g.apply(Sub(), e, g.number(1, like: e)))
    let dx = try g.reduced(g.apply(Mul(), dy, g.apply(Mul(), e, lower)), like: x)
    guard power.isFloatingPoint else { return [dx] }
    let (zero, one) = (try g.number(0, like: x), try g.number(1, like: x))
    let isPositive = try g.apply(Greater(), x, zero)
    let logarithm = try g.apply(Log(), g.apply(Where(), isPositive, x, one))
    let de = try g.reduced(g.apply(Mul(), dy, g.apply(Mul(), node.result, logarithm)), like: exponent)
    return [dx, base == power ? de : try g.cast(de, to: power)]
  }
}
