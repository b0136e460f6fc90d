public import HoneIR

/// The coordinates of all elements that are not zero, one column each, in row-major order.
public struct NonZero: EvaluatedOp {
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let rank = try call.tensor(0).rank
    return [.tensor(.int64, [rank.map { Dimension($0) } ?? call.unknownSize(), call.unknownSize()])]
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let x = try operands.tensor(0)
    let found = (0..<x.elementCount).filter { x.isNonZero(at: $0) }
    let strides = strides(of: x.sizes)
    var coordinates: [Int64] = []
    coordinates.reserveCapacity(found.count * strides.count)
    for (stride, size) in zip(strides, x.sizes) { coordinates += found.map { Int64($0 / stride % size) } }
    return [.tensor(Tensor(coordinates, shape: [strides.count, found.count]))]
  }
}

extension Tensor {
  fileprivate func isNonZero(at i: Int) -> Bool {
    switch element {
    case .string: !strings[i].isEmpty
    case .complex64, .complex128:
      withBytes { bytes in
        let width = element.byteWidth / 2
        return [2 * i, 2 * i + 1].contains { part in
          width == 4
            ? bytes.loadUnaligned(fromByteOffset: part * 4, as: Float.self) != 0
            : bytes.loadUnaligned(fromByteOffset: part * 8, as: Double.self) != 0
        }
      }
    case .int64, .uint64, .int32: integer(at: i) != 0
    default: double(at: i) != 0
    }
  }
}

/// Coordinates have no gradient.
extension NonZero: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
