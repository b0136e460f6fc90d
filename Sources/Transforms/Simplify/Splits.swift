import HoneIR
import HoneOperators

extension Simplify {
  /// Slices that together take all of an axis.
  static let splits = Rewrite.step("Slices of all parts of x → Split(x)") { (graph: inout Graph) throws(GraphError) in
    var count = 0
    var seen = Set<Value>()
    for node in graph.sorted() {
      guard graph[node.id] != nil, node.op is Slice, let x = node.operands[0], seen.insert(x).inserted else { continue }
      let parts = graph.users(of: x).compactMap { graph.part($0) }
      for axis in Set(parts.map(\.axis)) {
        let along = parts.filter { $0.axis == axis }.sorted { $0.range.lowerBound < $1.range.lowerBound }
        guard along.count > 1, let size = graph.shape(of: x)?[axis].size, along.first?.range.lowerBound == 0,
          along.last?.range.upperBound == size,
          zip(along, along.dropFirst()).allSatisfy({ $0.range.upperBound == $1.range.lowerBound }),
          !along.contains(where: { graph.isOutput($0.node.result) })
        else { continue }
        var split = Split()
        split.axis = axis
        let lengths = graph.constant(.integers(along.map(\.range.count)))
        let names = along.map { graph.name(of: $0.node.result) }
        let results = try graph.apply(
          split, [x, lengths], resultCount: along.count, named: along[0].node.name, resultNames: names)
        for (part, result) in zip(along, results) { graph.replace(part.node.result, with: result) }
        count += 1
      }
    }
    return count
  }
}

extension Graph {
  fileprivate struct Part {
    var node: Node
    var axis: Int
    var range: Range<Int>
  }

  /// What `node` takes, if it is a `Slice` along one axis of known size, step by step.
  fileprivate func part(_ node: Node) -> Part? {
    guard node.op is Slice, let slice = slice(node), slice.axes.count == 1, slice.steps == [1],
      let size = shape(of: node.operands[0])?[slice.axes[0]].size
    else { return nil }
    func clamped(_ i: Int) -> Int { min(max(i < 0 ? i + size : i, 0), size) }
    let (start, end) = (clamped(slice.starts[0]), clamped(slice.ends[0]))
    return start < end ? Part(node: node, axis: slice.axes[0], range: start..<end) : nil
  }
}
