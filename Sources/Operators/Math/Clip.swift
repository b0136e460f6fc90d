public import HoneIR
import HoneKernels

/// y = min(max(x, operand 1), operand 2), each a scalar that may be absent
public struct Clip: ExecutableOp, ElementwiseOp, UpgradableOp {
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...3)
    let x = try call.tensor(0)
    for i in 1..<3 {
      guard let bound = try call.optionalTensor(i) else { continue }
      guard bound.element == x.element, bound.elementCount ?? 1 == 1 else {
        throw GraphError(.type, "bound \(bound) does not fit \(x)")
      }
    }
    return [.tensor(x)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(0)
    guard let type = element.scalarType, type != .bool else { throw .unsupported(element) }
    let count = try call.result().elementCount!
    let (low, high) = (call.has(1), call.has(2))
    return switch type {
    case .float32: clip(count, type, low, high, Float.self) { (x: Float) in x }
    case .float64: clip(count, type, low, high, Double.self) { (x: Double) in x }
    case .float16: clip(count, type, low, high, Float16.self, range: (-65504, 65504)) { Float($0) }
    case .bfloat16: clip(count, type, low, high, BFloat16.self, range: (-0x1.FEp127, 0x1.FEp127)) { $0.float }
    case .int8: clip(count, type, low, high, Int8.self)
    case .int16: clip(count, type, low, high, Int16.self)
    case .int32: clip(count, type, low, high, Int32.self)
    case .int64: clip(count, type, low, high, Int64.self)
    case .uint8, .bool: clip(count, type, low, high, UInt8.self)
    case .uint16: clip(count, type, low, high, UInt16.self)
    case .uint32: clip(count, type, low, high, UInt32.self)
    case .uint64: clip(count, type, low, high, UInt64.self)
    }
  }

  private func clip<T: FixedWidthInteger & TensorElement>(
    _ count: Int, _ type: ScalarType, _ low: Bool, _ high: Bool, _: T.Type
  ) -> Kernel {
    clip(count, type, low, high, T.self, range: (T.min, T.max)) { $0 }
  }

  private func clip<T: BinaryFloatingPoint & TensorElement>(
    _ count: Int, _ type: ScalarType, _ low: Bool, _ high: Bool, _: T.Type, _ convert: @escaping @Sendable (T) -> T
  ) -> Kernel {
    clip(count, type, low, high, T.self, range: (-T.greatestFiniteMagnitude, T.greatestFiniteMagnitude), convert)
  }

  /// `convert` gives a bound in the type computed in; `range` holds where a bound is absent.
  private func clip<T: TensorElement, Real: BitwiseCopyable & Sendable>(
    _ count: Int, _ type: ScalarType, _ low: Bool, _ high: Bool, _: T.Type, range: (Real, Real),
    _ convert: @escaping @Sendable (T) -> Real
  ) -> Kernel {
    let chunks = Chunks(count: count)
    let machine = InstructionSet.current
    return Kernel(tasks: chunks.taskCount, overwrites: [0: 0]) { frame, tasks in
      var pair = ScalarPair()
      pair.set(
        low ? convert(frame.operand(1, as: T.self).pointee) : range.0,
        high ? convert(frame.operand(2, as: T.self).pointee) : range.1)
      let elements = chunks.elements(tasks)
      let start = elements.lowerBound * type.byteWidth
      let (x, y) = (frame.operandBytes(0) + start, frame.resultBytes() + start)
      pair.withBytes { machine.unary(.clip, type, x, y, count: elements.count, parameters: $0) }
    }
  }

  /// Before opset 11 the bounds were attributes.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
    guard version < 11, node.has(0) else { return }
    let element = graph.tensorType(of: node.operands[0]!).element
    for (i, name) in [(1, "min"), (2, "max")] {
      guard let bound = node.attributes.removeValue(forKey: name)?.float else { continue }
      while node.operands.count <= i { node.operands.append(nil) }
      node.operands[i] = graph.constant(try .number(Double(bound), element))
    }
  }
}

extension Clip: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let bounds = (1...2).map { node.operands.optional($0) }
    let known = zip(bounds, [-Float.infinity, .infinity]).map { bound, none in
      bound.map { g.constant($0).map { Float($0.double(at: 0)) } } ?? none
    }
    if let low = known[0], let high = known[1] {
      return [try g.apply(UnaryGradient(.clip, p: low, q: high), x, dy)]
    }
    let zero = try g.number(0, like: x)
    var dx = dy
    var result: [Value?] = [nil, nil, nil]
    for case let (i, bound?) in bounds.enumerated() {
      let isBeyond = i == 0 ? try g.apply(Less(), x, bound) : try g.apply(Greater(), x, bound)
      let all = try g.sizes(of: x).indices.map(\.self)
      let sum = try g.apply(ReduceSum(), g.apply(Where(), isBeyond, dy, zero), g.constant(.integers(all)))
      result[i + 1] = try g.shaped(sum, g.sizes(of: bound))
      dx = try g.apply(Where(), isBeyond, zero, dx)
    }
    result[0] = dx
    return Array(result.prefix(node.operands.count))
  }
}
