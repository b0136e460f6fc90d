import HoneIR
import HoneOperators

/// A QuantizeLinear of bytes, the operator whose result it rounds, and the activation between them.
struct QuantizedResult {
  let node: Node
  let scale: Value
  let zero: Value
  let source: Node
  /// An activation between source and rounding that the range of the integers does not imply.
  let limits: (low: Double, high: Double)?

  init?(_ node: Node, in graph: Graph) {
    guard let x = node.operands[0], let scale = node.operands[1], node.operands.count > 2, let zero = node.operands[2],
      let scaleValue = graph.constant(scale), let zeroValue = graph.constant(zero), scaleValue.elementCount == 1,
      let producer = graph.producer(of: x), graph.userCount(of: x) == 1, !graph.isOutput(x)
    else { return nil }
    (self.node, self.scale, self.zero) = (node, scale, zero)
    let activation: (low: Double, high: Double)? =
      producer.op is Relu ? (0, .infinity) : producer.op is Clip ? graph.clipRange(producer) : nil
    guard let activation, let inner = producer.operands[0], let before = graph.producer(of: inner),
      !(before.op is DequantizeLinear), graph.userCount(of: inner) == 1, !graph.isOutput(inner)
    else {
      (source, limits) = (producer, nil)
      return
    }
    source = before
    let range = zeroValue.element.integerRange ?? 0...0
    let step = scaleValue.double(at: 0)
    let low = Double(range.lowerBound - zeroValue.integer(at: 0)) * step
    let high = Double(range.upperBound - zeroValue.integer(at: 0)) * step
    let isImplied = activation.low <= low + step / 2 && activation.high >= high - step / 2
    limits = isImplied ? nil : activation
  }

  func lowered(in graph: inout Graph) throws(GraphError) -> Value? {
    guard let result = try unlimited(in: &graph) else { return nil }
    guard let limits else { return result }
    return try graph.limited(result, limits, scale, zero)
  }

  private func unlimited(in graph: inout Graph) throws(GraphError) -> Value? {
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
    case is GlobalAveragePool: return try unary(Microsoft.QLinearGlobalAveragePool(), in: &graph)
    case let pool as AveragePool:
      guard pool.dilations.allSatisfy({ $0 == 1 }) else { return nil }
      var integer = Microsoft.QLinearAveragePool()
      (integer.auto_pad, integer.ceil_mode) = (pool.auto_pad, pool.ceil_mode)
      (integer.count_include_pad, integer.kernel_shape) = (pool.count_include_pad, pool.kernel_shape)
      (integer.pads, integer.strides) = (pool.pads, pool.strides)
      return try unary(integer, in: &graph)
    case let mean as ReduceMean: return try planeMean(mean, in: &graph)
    case let concat as Concat: return try concatenation(concat, in: &graph)
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

  private func unary(_ op: any Op, in graph: inout Graph) throws(GraphError) -> Value? {
    guard let x = graph.dequantizedBytes(source.operands[0]),
      graph.element(of: x.integers) == graph.element(of: zero)
    else { return nil }
    return try apply(op, [x.integers, x.scale, x.zero, scale, zero], in: &graph)
  }

  private func binary(_ op: any Op, in graph: inout Graph) throws(GraphError) -> Value? {
    guard let a = graph.dequantizedBytes(source.operands[0]), let b = graph.dequantizedBytes(source.operands[1]) else {
      return nil
    }
    return try apply(op, [a.integers, a.scale, a.zero, b.integers, b.scale, b.zero, scale, zero], in: &graph)
  }

  /// A mean over both axes of planes is a global pool.
  private func planeMean(_ mean: ReduceMean, in graph: inout Graph) throws(GraphError) -> Value? {
    guard graph.rank(of: source.operands[0]) == 4, let axes = graph.axes(source, rank: 4), axes.sorted() == [2, 3],
      let pooled = try unary(Microsoft.QLinearGlobalAveragePool(), in: &graph)
    else { return nil }
    return mean.keepdims ? pooled : try graph.apply(Squeeze(), pooled, graph.constant(.integers([2, 3])))
  }

  /// Every part takes the scale of the whole.
  private func concatenation(_ concat: Concat, in graph: inout Graph) throws(GraphError) -> Value? {
    var parts: [Value?] = []
    for operand in source.operands {
      guard graph.dequantizedBytes(operand) != nil else { return nil }
      parts.append(try graph.tabulated(operand, scale, zero))
    }
    guard !parts.contains(nil) else { return nil }
    return try apply(concat, parts, in: &graph)
  }
}
