import HoneIR
import HoneOperators
import HoneRuntime

/// Functions of one byte: whatever elementwise operators do between dequantizing bytes and quantizing again.
extension Graph {
  /// The integers of `value` in another grid, where `value` is a function of one tensor of bytes; nil if it is not.
  mutating func tabulated(_ value: Value?, _ scale: Value, _ zero: Value) throws(GraphError) -> Value? {
    guard let value, element(of: value) == .float32, let root = byteRoot(of: value),
      shape(of: value) == shape(of: root)
    else { return nil }
    if let direct = dequantizedBytes(value), direct.integers == root, constant(direct.scale) == constant(scale),
      constant(direct.zero) == constant(zero)
    {
      return root
    }
    var function = Graph()
    let bytes = Tensor((0...255).map { UInt8($0) }, shape: [256])
    let isSigned = element(of: root) == .int8
    let x = function.constant(isSigned ? bytes.reinterpreted(as: .int8) : bytes)
    var copies = [root: x]
    let y = try copy(value, into: &function, &copies)
    function.outputs = [
      try function.apply(
        QuantizeLinear(), y, function.constant(constant(scale)!.reshaped([])),
        function.constant(constant(zero)!.reshaped([])))
    ]
    let table = try Session(function).run([] as [Tensor])[0]
    guard table.elementCount == 256, table.element == element(of: zero) else { return nil }
    return try apply(ByteTable(), root, constant(table.reshaped([256])))
  }

  /// `value` less than `limits.low` or more than `limits.high` becomes these, in the grid of `scale` and `zero`.
  mutating func limited(_ value: Value, _ limits: (low: Double, high: Double), _ scale: Value, _ zero: Value)
    throws(GraphError) -> Value
  {
    let real = try apply(DequantizeLinear(), value, scale, zero)
    let clipped = try apply(
      Clip(), real, constant(.scalar(Float(max(limits.low, -Double(Float.greatestFiniteMagnitude))))),
      constant(.scalar(Float(min(limits.high, Double(Float.greatestFiniteMagnitude))))))
    return try tabulated(clipped, scale, zero) ?? value
  }

  /// The one tensor of bytes that `value` is an elementwise function of.
  private func byteRoot(of value: Value) -> Value? {
    var roots: Set<Value> = []
    guard collectRoots(of: value, into: &roots, budget: 24) else { return nil }
    // Bytes looked up in a table depend on the bytes before.
    while roots.count > 1 {
      guard let last = roots.max(), let (_, node) = producer(of: last, as: ByteTable.self), let x = node.operands[0]
      else { return nil }
      roots.remove(last)
      roots.insert(x)
    }
    return roots.first
  }

  private func collectRoots(of value: Value, into roots: inout Set<Value>, budget: Int) -> Bool {
    if let bytes = dequantizedBytes(value), constant(bytes.integers) == nil {
      roots.insert(bytes.integers)
      return true
    }
    if let parts = dequantized(value), let tensor = constant(parts.integers) {
      return tensor.elementCount == 1 && tensor.sizes.count <= 1 && isScalar(parts.scale)
    }
    if let tensor = constant(value) { return tensor.elementCount == 1 && tensor.sizes.count <= 1 }
    guard budget > 0, let node = producer(of: value), node.op is any ElementwiseOp, node.results.count == 1,
      !(node.op is any RandomOp)
    else { return false }
    for case let operand? in node.operands {
      guard collectRoots(of: operand, into: &roots, budget: budget - 1) else { return false }
    }
    return true
  }

  private func copy(_ value: Value, into function: inout Graph, _ copies: inout [Value: Value]) throws(GraphError)
    -> Value
  {
    if let known = copies[value] { return known }
    let result: Value
    if let tensor = constant(value) {
      result = function.constant(tensor)
    } else {
      guard let node = producer(of: value) else {
        throw GraphError(.invariant, "a table of a value that has no source")
      }
      var operands: [Value?] = []
      for operand in node.operands {
        guard let operand else {
          operands.append(nil)
          continue
        }
        operands.append(try copy(operand, into: &function, &copies))
      }
      result = try function.apply(node.op, operands, resultCount: 1)[0]
    }
    copies[value] = result
    return result
  }
}
