public import HoneIR

/// Elements added at, or removed from, the ends of axes.
public struct Pad: MovementOp, UpgradableOp {
  public var mode = PadMode.constant
  public init() {}
  public static var since: Int { 18 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 11 else { return }
    node.attributeToOperand("pads", 1, in: &graph)
    guard let value = node.attributes.removeValue(forKey: "value")?.float, value != 0 else { return }
    let element = node.operands.first.flatMap { $0 }.map { graph.tensorType(of: $0).element } ?? .float32
    let constant = Tensor(TensorType(element, [Int]())) {
      NumberReader.store(Double(value), $0.baseAddress!, 0, element)
    }
    while node.operands.count < 3 { node.operands.append(nil) }
    node.operands[2] = graph.constant(constant)
  }

  /// The axes that are padded, or nil if they depend on data.
  private func axes(_ call: Call, rank: Int) throws(GraphError) -> [Int]? {
    guard call.has(3) else { return Array(0..<rank) }
    return try call.integers(3).map { axes throws(GraphError) in try call.axes(axes, rank: rank) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    let data = try call.tensor(0)
    guard var shape = data.shape else { return [.tensor(data)] }
    guard let axes = try axes(call, rank: shape.count), let pads = call.symbolic(1) else {
      return [.tensor(data.with(shape: shape.map { _ in call.unknownSize() }))]
    }
    guard pads.count == 2 * axes.count else { throw GraphError(.type, "\(pads.count) pads for \(axes.count) axes") }
    for (i, axis) in axes.enumerated() { shape[axis] = shape[axis] + pads[i] + pads[axes.count + i] }
    return [.tensor(data.with(shape: try checked(shape)))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let pads = try call.requireIntegers(1, "the pads")
    guard let axes = try axes(call, rank: sizes.count) else {
      throw GraphError(.dataDependent, "the axes depend on data")
    }
    guard pads.count == 2 * axes.count else { throw GraphError(.type, "\(pads.count) pads for \(axes.count) axes") }
    guard pads.allSatisfy({ $0.magnitude < 1 << 40 }) else { throw GraphError(.input, "pads \(pads) are absurd") }
    var maps: [[Int]?] = Array(repeating: nil, count: sizes.count)
    for (i, axis) in axes.enumerated() where pads[i] != 0 || pads[axes.count + i] != 0 {
      maps[axis] = try PaddedAxis(size: sizes[axis], begin: pads[i], end: pads[axes.count + i], mode: mode).map()
    }
    let element = try call.element(0)
    if let constant = try call.optionalTensor(2), constant.elementCount != 1 || constant.element != element {
      throw GraphError(.type, "the constant of \(try call.tensor(0)) must be one element, is \(constant)")
    }
    return MappedCopy(sizes, maps: maps, width: element.byteWidth).kernel(value: call.has(2) ? 2 : nil)
  }
}

extension Pad: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, call) = (node.operands[0]!, g.call(for: node))
    let sizes = try g.sizes(of: x)
    let pads = try call.requireIntegers(1, "the pads")
    guard let axes = try axes(call, rank: sizes.count) else {
      throw GraphError(.dataDependent, "the axes depend on data")
    }
    var (begins, ends) = (sizes.map { _ in 0 }, sizes.map { _ in 0 })
    for (i, axis) in axes.enumerated() { (begins[axis], ends[axis]) = (pads[i], pads[axes.count + i]) }
    guard mode == .constant else {
      return [try g.apply(PadGradient(sizes: sizes, begins: begins, ends: ends, mode: mode), dy)]
    }
    let inner = try g.apply(Pad(), dy, g.constant(.integers((begins + ends).map { -$0 })))
    guard node.operands.count > 2, let value = node.operands[2] else { return [inner] }
    var total = ReduceSum()
    total.keepdims = false
    let outer = try g.apply(Sub(), g.apply(total, dy), g.apply(total, inner))
    return [inner, nil, try g.shaped(outer, g.sizes(of: value))]
  }
}
