import HoneIR
import HoneOperators
import HoneRuntime

/// Turns operators between DequantizeLinear and QuantizeLinear into operators on integers.
///
/// Results may differ from the pairs' own by one quantization step, where the pairs round twice and the integer form once.
public struct LowerQuantization: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("QuantizeLinear(op(DequantizeLinear(x))) → integer op", on: QuantizeLinear.self) {
          (op, node, graph) throws(GraphError) in
          guard op.block_size == 0, let quantized = QuantizedResult(node, in: graph) else { return nil }
          return try quantized.lowered(in: &graph)
        }
      ]),
      .rules([
        Rule("Gemm(DequantizeLinear(x), DequantizeLinear(w)) → QGemm", on: Gemm.self) {
          (op, node, graph) throws(GraphError) in
          guard let operands = try graph.integerGemm(op, node) else { return nil }
          return try graph.apply(Microsoft.QGemm(), operands, resultCount: 1, named: node.name)[0]
        },
        Rule("MatMul(DequantizeLinear(x), DequantizeLinear(w)) → MatMulIntegerToFloat", on: MatMul.self) {
          (_, node, graph) throws(GraphError) in
          guard let a = graph.dequantized(node.operands[0]), let b = graph.dequantized(node.operands[1]),
            graph.constant(b.integers) != nil, graph.rank(of: b.integers) == 2, graph.isScalar(a.scale)
          else { return nil }
          return try graph.apply(
            Microsoft.MatMulIntegerToFloat(), [a.integers, b.integers, a.scale, b.scale, a.zero, b.zero],
            resultCount: 1, named: node.name)[0]
        },
      ]),
    ] + FoldQuantizedWeights().rewrites
  }
}

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
  func isScalar(_ value: Value) -> Bool { constant(value)?.elementCount == 1 }

  /// The operands of `QGemm` for a product of dequantized matrices, or nil.
  mutating func integerGemm(_ op: Gemm, _ node: Node) throws(GraphError) -> [Value?]? {
    guard let a = dequantized(node.operands[0]), let b = dequantized(node.operands[1]),
      let weights = constant(b.integers),
      isScalar(a.scale), !op.transA, op.alpha == 1, op.beta == 1, let aZero = a.zero, let bZero = b.zero
    else { return nil }
    var matrix = b.integers
    if op.transB {
      var transpose = Transpose()
      transpose.perm = [1, 0]
      guard let turned = try Interpreter.evaluate(transpose, [weights], resultCount: 1) else { return nil }
      matrix = constant(turned[0], name(of: b.integers))
    }
    var operands: [Value?] = [a.integers, a.scale, aZero, matrix, b.scale, bZero]
    if node.operands.count > 2, let bias = node.operands[2] {
      guard let integers = dequantized(bias)?.integers, tensorType(of: integers).element == .int32 else { return nil }
      operands.append(integers)
    }
    return operands
  }
}

/// A QuantizeLinear, the operator whose result it rounds, and the activation between them that rounding makes superfluous.
struct QuantizedResult {
  let node: Node
  let scale: Value
  let zero: Value
  let source: Node

  init?(_ node: Node, in graph: Graph) {
    guard let x = node.operands[0], let scale = node.operands[1], node.operands.count > 2, let zero = node.operands[2],
      let scaleValue = graph.constant(scale), let zeroValue = graph.constant(zero), scaleValue.elementCount == 1,
      let producer = graph.producer(of: x), graph.userCount(of: x) == 1, !graph.isOutput(x)
    else { return nil }
    (self.node, self.scale, self.zero) = (node, scale, zero)
    let range = zeroValue.element.integerRange ?? 0...0
    let low = Double(range.lowerBound - zeroValue.integer(at: 0)) * scaleValue.double(at: 0)
    let high = Double(range.upperBound - zeroValue.integer(at: 0)) * scaleValue.double(at: 0)
    var source = producer
    let limits: (low: Double, high: Double)? =
      producer.op is Relu ? (0, .infinity) : producer.op is Clip ? graph.clipRange(producer) : nil
    if let limits, let inner = producer.operands[0], let before = graph.producer(of: inner),
      !(before.op is DequantizeLinear)
    {
      let step = scaleValue.double(at: 0) / 2
      guard limits.low <= low + step, limits.high >= high - step, graph.userCount(of: inner) == 1,
        !graph.isOutput(inner)
      else { return nil }
      source = before
    }
    self.source = source
  }

  func lowered(in graph: inout Graph) throws(GraphError) -> Value? {
    switch source.op {
    case let conv as Conv: return try convolution(conv, in: &graph)
    case let gemm as Gemm:
      guard var operands = try graph.integerGemm(gemm, source) else { return nil }
      while operands.count < 7 { operands.append(nil) }
      return try apply(Microsoft.QGemm(), operands + [scale, zero], in: &graph)
    case is MatMul:
      guard let a = graph.dequantized(source.operands[0]), let b = graph.dequantized(source.operands[1]),
        let aZero = a.zero, let bZero = b.zero,
        graph.constant(b.integers) != nil
      else { return nil }
      return try apply(
        QLinearMatMul(), [a.integers, a.scale, aZero, b.integers, b.scale, bZero, scale, zero], in: &graph)
    case is Add: return try binary(Microsoft.QLinearAdd(), in: &graph)
    case is Mul: return try binary(Microsoft.QLinearMul(), in: &graph)
    case is GlobalAveragePool:
      guard let x = graph.dequantized(source.operands[0]), let xZero = x.zero else { return nil }
      return try apply(Microsoft.QLinearGlobalAveragePool(), [x.integers, x.scale, xZero, scale, zero], in: &graph)
    case let carrier as any QuantizableOp where carrier.quantizationRole == .carries:
      return try carried(carrier, in: &graph)
    default: return nil
    }
  }

  private func apply(_ op: any Op, _ operands: [Value?], in graph: inout Graph) throws(GraphError) -> Value {
    try graph.apply(op, operands, resultCount: 1, named: source.name)[0]
  }

  private func convolution(_ conv: Conv, in graph: inout Graph) throws(GraphError) -> Value? {
    guard let x = graph.dequantized(source.operands[0]), let w = graph.dequantized(source.operands[1]),
      graph.isScalar(x.scale),
      let xZero = x.zero, let wZero = w.zero, graph.constant(w.integers) != nil
    else { return nil }
    var operands: [Value?] = [x.integers, x.scale, xZero, w.integers, w.scale, wZero, scale, zero]
    if source.operands.count > 2, let bias = source.operands[2] {
      guard let integers = graph.dequantized(bias)?.integers, graph.tensorType(of: integers).element == .int32 else {
        return nil
      }
      operands.append(integers)
    }
    var integer = QLinearConv()
    (integer.auto_pad, integer.dilations, integer.group) = (conv.auto_pad, conv.dilations, conv.group)
    (integer.kernel_shape, integer.pads, integer.strides) = (conv.kernel_shape, conv.pads, conv.strides)
    return try apply(integer, operands, in: &graph)
  }

  private func binary(_ op: any Op, in graph: inout Graph) throws(GraphError) -> Value? {
    guard let a = graph.dequantized(source.operands[0]), let b = graph.dequantized(source.operands[1]),
      let aZero = a.zero, let bZero = b.zero
    else { return nil }
    return try apply(op, [a.integers, a.scale, aZero, b.integers, b.scale, bZero, scale, zero], in: &graph)
  }

  /// Moving values needs no arithmetic where both sides have the same scale.
  private func carried(_ op: any Op, in graph: inout Graph) throws(GraphError) -> Value? {
    guard let x = graph.dequantized(source.operands[0]), let xZero = x.zero,
      graph.constant(x.scale) == graph.constant(scale),
      graph.constant(xZero) == graph.constant(zero), source.results.count == 1
    else { return nil }
    return try apply(op, [x.integers] + source.operands.dropFirst(), in: &graph)
  }
}
