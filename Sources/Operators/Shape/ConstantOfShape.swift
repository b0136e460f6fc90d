public import HoneIR
import HoneKernels

/// An array of the given shape, every element `value` (by default a float32 0).
public struct ConstantOfShape: KernelEvaluatedOp, SymbolicOp {
  public var value: Tensor?
  public init() {}
  public static var since: Int { 9 }

  private var element: ElementType { value?.element ?? .float32 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    if let value, value.elementCount != 1 {
      throw GraphError(.attribute, "value must have one element, is \(value.type)")
    }
    guard element != .string else { throw GraphError(.unsupported, "ConstantOfShape of strings") }
    if let shape = call.symbolic(0) { return [.tensor(element, try checked(shape))] }
    return [.tensor(element, try call.unknownShape(asLongAs: 0))]
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let value, element.isInteger, let shape = call.symbolic(0), shape.count <= 1,
      let count = shape.isEmpty ? 1 : shape[0].size, (0...64).contains(count)
    else { return nil }
    return Array(repeating: Dimension(value.integer(at: 0)), count: count)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.result()
    var pattern = value?.withBytes { Array($0) } ?? [0, 0, 0, 0]
    let bits = element.bitWidth
    if bits < 8 {
      let code = pattern[0] & UInt8((1 << bits) - 1)
      pattern = [(0..<8 / bits).reduce(0) { $0 | code << UInt8($1 * bits) }]
    }
    let (width, byteCount) = (pattern.count, type.byteCount!)
    let part = 1 << 18
    return Kernel(tasks: (byteCount + part - 1) / part) { [pattern] frame, range in
      let first = range.lowerBound * part
      let end = min(range.upperBound * part, byteCount)
      guard first < end else { return }
      pattern.withUnsafeBytes {
        fillElements(frame.resultBytes() + first, with: $0.baseAddress!, width: width, count: (end - first) / width)
      }
    }
  }
}

/// A shape has no gradient.
extension ConstantOfShape: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
