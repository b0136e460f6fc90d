public import HoneIR

/// The operands one after the other along `axis`.
public struct Concat: MovementOp, SymbolicOp, RequiringOp {
  public var axis = 0
  public init() {}
  public static var since: Int { 4 }
  public static var required: [String] { ["axis"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count > 0 else { throw GraphError(.arity, "takes at least 1 operand, has none") }
    let element = try call.element(0)
    var result: [Dimension]?
    var isPartial = false
    for i in 0..<call.count {
      let type = try call.tensor(i)
      guard type.element == element else {
        throw GraphError(.type, "element types differ: \(element.rawValue) and \(type)")
      }
      guard let shape = type.shape else {
        isPartial = true
        continue
      }
      guard let known = result else {
        result = shape
        continue
      }
      result = try joined(known, shape, call)
    }
    if isPartial, var known = result {
      known[try call.axis(axis, rank: known.count)] = call.unknownSize()
      result = known
    }
    if let result { _ = try call.axis(axis, rank: result.count) }
    return [.tensor(element, result)]
  }

  private func joined(_ a: [Dimension], _ b: [Dimension], _ call: Call) throws(GraphError) -> [Dimension] {
    guard a.count == b.count else { throw GraphError(.type, "ranks differ: \(a.count) and \(b.count)") }
    let axis = try call.axis(axis, rank: a.count)
    var result: [Dimension] = []
    for i in a.indices { result.append(i == axis ? a[i] + b[i] : try unified(a[i], b[i])) }
    return result
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let element = try? call.element(0), element.isInteger else { return nil }
    var result: [Dimension] = []
    for i in 0..<call.count {
      guard let shape = try? call.shape(i), shape.count == 1, let length = shape[0].size, result.count + length <= 64
      else {
        return nil
      }
      result += call.symbolic(i) ?? (0..<length).map { _ in call.unknownSize() }
    }
    return result.allSatisfy { $0.symbolName?.hasPrefix("?") ?? false } ? nil : result
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let result = try call.resultSizes()
    let axis = try call.axis(axis, rank: result.count)
    let destination = strides(of: result)
    let width = try call.element(0).byteWidth
    var copies = CopyList()
    var offset = 0
    for i in 0..<call.count {
      let sizes = try call.sizes(i)
      try copies.add(sizes, operand: i, from: strides(of: sizes), to: destination, placedAt: offset, width: width)
      offset += sizes[axis] * destination[axis]
    }
    return copies.kernel()
  }
}

extension Concat: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    guard node.operands.count > 1 else { return [dy] }
    let axis = try g.call(for: node).axis(axis, rank: g.sizes(of: dy).count)
    var split = Split()
    split.axis = axis
    let lengths = try node.operands.map { operand throws(GraphError) in try g.sizes(of: operand!)[axis] }
    return try g.apply(split, [dy, g.constant(.integers(lengths))], resultCount: lengths.count)
  }
}
