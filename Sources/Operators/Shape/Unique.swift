public import HoneIR

/// The different elements, or slices along `axis`: which they are, where each is first, which one each is, how often.
public struct Unique: EvaluatedOp {
  public var axis: Int?
  public var sorted = true
  public init() {}
  public static var since: Int { 11 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let data = try call.tensor(0)
    let count = call.unknownSize()
    var shape: [Dimension]? = [count]
    var length = data.shape?.product ?? call.unknownSize()
    if let axis {
      shape = data.shape
      if var sizes = data.shape {
        let axis = try call.axis(axis, rank: sizes.count)
        length = sizes[axis]
        sizes[axis] = count
        shape = sizes
      }
    }
    let results: [ValueType] = [
      .tensor(data.with(shape: shape)), .tensor(.int64, [count]), .tensor(.int64, [length]), .tensor(.int64, [count]),
    ]
    return Array(results.prefix(call.resultCount))
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let x = try operands.tensor(0)
    let data = axis == nil ? x.reshaped([x.elementCount]) : x
    let sizes = data.sizes
    let axis = try Call([Operand(.tensor(data.type))]).axis(axis ?? 0, rank: sizes.count)
    let groups = try SliceGroups(data, axis: axis, isSorted: sorted)
    var gather = Gather()
    gather.axis = axis
    let values = try gather.evaluate([.tensor(data), .tensor(.integers(groups.first))], in: Self.single(context))
    let others: [RuntimeValue] = [
      .tensor(.integers(groups.first)), .tensor(.integers(groups.member)), .tensor(.integers(groups.counts)),
    ]
    return Array((values + others).prefix(context.resultCount))
  }

  private static func single(_ context: borrowing EvaluationContext) -> EvaluationContext {
    EvaluationContext(resultCount: 1, run: context.run)
  }
}

/// Slices of a tensor grouped by their contents.
struct SliceGroups {
  /// The first slice of each group, the group of each slice, and the size of each group.
  private(set) var first: [Int] = []
  private(set) var member: [Int]
  private(set) var counts: [Int] = []

  init(_ data: Tensor, axis: Int, isSorted: Bool) throws(GraphError) {
    let sizes = data.sizes
    let (outer, inner) = (sizes[..<axis].reduce(1, *), sizes[(axis + 1)...].reduce(1, *))
    let count = sizes[axis]
    let ranks = try data.orderRanks()
    func key(_ slice: Int) -> [Int] {
      var key: [Int] = []
      key.reserveCapacity(outer * inner)
      for i in 0..<outer { key += ranks[(i * count + slice) * inner..<(i * count + slice + 1) * inner] }
      return key
    }
    let keys = (0..<count).map(key)
    var groups: [[Int]: Int] = [:]
    member = []
    for (slice, key) in keys.enumerated() {
      let group = groups[key] ?? first.count
      if group == first.count {
        groups[key] = group
        first.append(slice)
        counts.append(0)
      }
      counts[group] += 1
      member.append(group)
    }
    guard isSorted else { return }
    let (starts, amounts) = (first, counts)
    let order = starts.indices.sorted { keys[starts[$0]].lexicographicallyPrecedes(keys[starts[$1]]) }
    var place = order
    for (new, old) in order.enumerated() { place[old] = new }
    first = order.map { starts[$0] }
    counts = order.map { amounts[$0] }
    member = member.map { place[$0] }
  }
}

extension Tensor {
  /// A number for each element, equal for equal elements and in their order.
  fileprivate func orderRanks() throws(GraphError) -> [Int] {
    switch element {
    case .string:
      let order = Dictionary(
        uniqueKeysWithValues: Set(strings).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.enumerated().map {
          ($1, $0)
        })
      return strings.map { order[$0]! }
    case .uint64: return (0..<elementCount).map { integer(at: $0) ^ .min }
    case .int64, .int32, .int16, .int8, .uint8, .uint16, .uint32, .bool, .int4, .uint4, .int2, .uint2: return integers
    case .complex64, .complex128: throw GraphError(.unsupported, "Unique of \(element.rawValue)")
    default: return doubles.map { SortKey.of($0) }
    }
  }
}

/// Of equal slices the first receives the gradient.
extension Unique: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let sizes = try g.sizes(of: x)
    let first = node.results.count > 1 ? node.results[1] : try g.apply(self, [x], resultCount: 2)[1]
    let gradient = GatherGradient(axis: axis ?? 0, sizes: axis == nil ? [sizes.product] : sizes)
    return [try g.shaped(g.apply(gradient, dy, first), sizes)]
  }
}
