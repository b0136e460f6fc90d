public import HoneIR

/// The same elements in another shape. In the shape, −1 stands for what remains and, unless `allowzero`, 0 for the
/// operand's size.
public struct Reshape: KernelEvaluatedOp, SymbolicOp, UpgradableOp {
  public var allowzero = false
  public init() {}
  public static var since: Int { 5 }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
    node.attributeToOperand("shape", 1, in: &graph)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let target = call.symbolic(1) else {
      return [.tensor(data.with(shape: try call.unknownShape(asLongAs: 1)))]
    }
    return [.tensor(data.with(shape: try shape(target, from: data, call)))]
  }

  private func shape(_ target: [Dimension], from data: TensorType, _ call: Call) throws(GraphError) -> [Dimension] {
    var shape: [Dimension] = []
    var hole: Int?
    // Sizes of the operand that the target has not named yet, and named sizes that the operand lacks.
    var remaining = data.shape
    var extra: Dimension = 1
    for (i, wanted) in target.enumerated() {
      if wanted == -1 {
        guard hole == nil else { throw GraphError(.type, "the shape \(target) has more than one −1") }
        hole = i
        shape.append(0)
        continue
      }
      let size = try size(wanted, at: i, from: data, call)
      shape.append(size)
      if let j = remaining?.firstIndex(of: size) { remaining?.remove(at: j) } else { extra = extra * size }
    }
    guard let rest = remaining?.product else {
      if let hole { shape[hole] = call.unknownSize() }
      return shape
    }
    if let hole {
      guard extra.size != 0 else { throw GraphError(.type, "\(data) leaves −1 in the shape \(target) undetermined") }
      if let n = rest.size, let m = extra.size, n % m != 0 {
        throw GraphError(.type, "\(data) cannot take the shape \(target)")
      }
      shape[hole] = rest / extra
    } else if let n = rest.size, let m = extra.size, n != m {
      throw GraphError(.type, "\(data) cannot take the shape \(target)")
    }
    return shape
  }

  private func size(_ wanted: Dimension, at i: Int, from data: TensorType, _ call: Call) throws(GraphError) -> Dimension
  {
    if wanted == 0 && !allowzero {
      guard let sizes = data.shape else { return call.unknownSize() }
      guard i < sizes.count else { throw GraphError(.type, "0 at \(i) of the shape names no size of \(data)") }
      return sizes[i]
    }
    if let number = wanted.size, number < 0 { throw GraphError(.type, "a size is \(number)") }
    return wanted
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let type = try? infer(call).first?.tensor, let rank = type.rank, rank <= 1 else { return nil }
    return call.symbolic(0)
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try viewKernel(call) }
}

extension Reshape: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.shaped(dy, try g.sizes(of: node.operands[0]!))]
  }
}
