public import HoneIR

/// The operand repeated `repeats` times along each axis.
public struct Tile: MovementOp {
  public init() {}
  public static var since: Int { 6 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let shape = data.shape else { return [.tensor(data.with(shape: try call.unknownShape(asLongAs: 1)))] }
    guard let repeats = call.symbolic(1) else {
      return [.tensor(data.with(shape: shape.map { _ in call.unknownSize() }))]
    }
    guard repeats.count == shape.count else {
      throw GraphError(.type, "\(repeats.count) repeats for \(shape.count) axes")
    }
    return [.tensor(data.with(shape: try checked(zip(shape, repeats).map { $0 * $1 })))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, result) = (try call.sizes(0), try call.resultSizes())
    let (from, to) = (strides(of: sizes), strides(of: result))
    var (interleaved, source, destination): ([Int], [Int], [Int]) = ([], [], [])
    for i in sizes.indices {
      interleaved += [sizes[i] == 0 ? 0 : result[i] / sizes[i], sizes[i]]
      source += [0, from[i]]
      destination += [sizes[i] * to[i], to[i]]
    }
    var copies = CopyList()
    try copies.add(interleaved, from: source, to: destination, width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension Tile: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (sizes, result) = (try g.sizes(of: node.operands[0]!), try g.sizes(of: dy))
    guard !result.contains(0) else { return [try g.zeros(sizes, g.tensorType(of: dy).element)] }
    let repeated = sizes.indices.filter { result[$0] != sizes[$0] }
    guard !repeated.isEmpty else { return [dy] }
    let blocks = try g.shaped(dy, sizes.indices.flatMap { [result[$0] / sizes[$0], sizes[$0]] })
    let sum = try g.apply(ReduceSum(), blocks, g.constant(.integers(repeated.map { 2 * $0 })))
    return [try g.shaped(sum, sizes)]
  }
}
