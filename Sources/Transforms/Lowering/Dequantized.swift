import HoneIR
import HoneOperators
import HoneRuntime

/// A value that comes from integers.
struct Dequantized {
  let integers: Value
  let scale: Value
  let zero: Value?
}

extension Graph {
  func dequantized(_ value: Value?) -> Dequantized? {
    guard let (op, node) = producer(of: value, as: DequantizeLinear.self), op.block_size == 0,
      let integers = node.operands[0],
      let scale = node.operands[1], constant(scale) != nil
    else { return nil }
    let zero = node.operands.count > 2 ? node.operands[2] : nil
    return Dequantized(integers: integers, scale: scale, zero: zero)
  }

  /// As `dequantized`, of bytes with one constant scale and zero point.
  func dequantizedBytes(_ value: Value?) -> (integers: Value, scale: Value, zero: Value)? {
    guard let parts = dequantized(value), let zero = parts.zero, isScalar(parts.scale), isScalar(zero),
      [.uint8, .int8].contains(tensorType(of: parts.integers).element), element(of: value) == .float32
    else { return nil }
    return (parts.integers, parts.scale, zero)
  }

  func isScalar(_ value: Value) -> Bool { constant(value)?.elementCount == 1 }

  /// The operands of `QGemm` for a product of dequantized matrices, or nil.
  mutating func integerGemm(_ op: Gemm, _ node: Node) throws(GraphError) -> [Value?]? {
    guard let a = dequantized(node.operands[0]), let b = dequantized(node.operands[1]),
      let weights = constant(b.integers),
      isScalar(a.scale), !op.transA, op.alpha == 1, op.beta == 1, let aZero = a.zero, let bZero = b.zero
    else { return nil }
    var operands: [Value?] = [a.integers, a.scale, aZero, b.integers, b.scale, bZero]
    if node.operands.count > 2, let bias = node.operands[2] {
      guard let integers = dequantized(bias)?.integers, tensorType(of: integers).element == .int32 else { return nil }
      operands.append(integers)
    }
    if op.transB {
      var transpose = Transpose()
      transpose.perm = [1, 0]
      guard let turned = try Interpreter.evaluate(transpose, [weights], resultCount: 1) else { return nil }
      operands[3] = constant(turned[0], name(of: b.integers))
    }
    return operands
  }
}
