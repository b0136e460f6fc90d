public import HoneIR

/// The operand repeated along its axes of size 1 until it has a shape that it and the given shape broadcast to.
public struct Expand: MovementOp, SymbolicOp {
  public init() {}
  public static var since: Int { 8 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data)] }
    guard let target = call.symbolic(1) else {
      let rank = try call.vectorLength(1).map { max($0, shape.count) }
      return [.tensor(data.with(shape: rank.flatMap { $0 > 64 ? nil : (0..<$0).map { _ in call.unknownSize() } }))]
    }
    return [.tensor(data.with(shape: try broadcast([shape, checked(target)])))]
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let elements = call.symbolic(0), let shape = try? infer(call).first?.tensor?.shape, shape.count <= 1,
      let count = shape.isEmpty ? 1 : shape[0].size, count <= 64
    else { return nil }
    if elements.count == count { return elements }
    return elements.count == 1 ? Array(repeating: elements[0], count: count) : nil
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let result = try call.resultSizes()
    let source = broadcastStrides(of: try call.sizes(0), to: result)
    var copies = CopyList()
    try copies.add(result, from: source, to: strides(of: result), width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension Expand: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.reduced(dy, like: node.operands[0]!)]
  }
}
