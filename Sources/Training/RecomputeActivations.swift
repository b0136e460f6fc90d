import HoneIR

/// Gradient checkpointing: what the backward pass reads of the forward pass is computed again instead of being kept, but for
/// what passes from one segment of the forward pass to the next (Chen et al., arXiv 1604.06174).
///
/// With as many segments as the square root of the nodes, about twice that many activations are alive at a time, for one
/// more forward pass.
struct RecomputeActivations {
  /// Nodes of the forward pass, operands before users.
  let forward: [Node]

  /// Changes what comes after `forward` in `graph`.
  func run(on graph: inout Graph) throws(GraphError) {
    let segments = segments(graph)
    var segmentOf: [Value: Int] = [:]
    for (i, segment) in segments.enumerated() {
      for node in segment { for result in node.results { segmentOf[result] = i } }
    }
    let isForward = Set(forward.map(\.id))
    let kept = keptValues(graph, segmentOf)
    var copies: [Value: Value] = [:]
    for node in graph.sorted() where !isForward.contains(node.id) {
      var operands = node.operands
      for (i, operand) in operands.enumerated() {
        guard let operand, segmentOf[operand] != nil, !kept.contains(operand) else { continue }
        operands[i] = try copy(operand, segmentOf, kept, &copies, &graph)
      }
      graph.setOperands(of: node.id, to: operands)
    }
    graph.removeDeadNodes()
  }

  /// Consecutive nodes with about equal bytes of results, cut where few bytes pass.
  private func segments(_ graph: Graph) -> [ArraySlice<Node>] {
    func bytes(_ value: Value) -> Int { graph.tensorType(of: value).byteCount ?? 0 }
    var made: [Value: Int] = [:], lastUse: [Value: Int] = [:]
    for (i, node) in forward.enumerated() {
      for result in node.results { made[result] = i }
      for case let operand? in node.operands where made[operand] != nil { lastUse[operand] = i }
    }
    var passing = [Int](repeating: 0, count: forward.count)
    for (value, last) in lastUse { for i in made[value]!..<last { passing[i] += bytes(value) } }
    let sizes = forward.map { node in node.results.reduce(0) { $0 + bytes($1) } }
    let total = sizes.reduce(0, +)
    let count = max(2, Int(Double(forward.count).squareRoot()))
    var segments: [ArraySlice<Node>] = []
    var (first, sum) = (0, 0)
    var best: Int?
    for (i, size) in sizes.enumerated() {
      sum += size
      let share = Double(sum) / Double(max(total, 1)) * Double(count) - Double(segments.count)
      if share > 0.6, passing[i] < passing[best ?? i] || best == nil { best = i }
      guard share >= 1.4, let cut = best, cut < forward.count - 1 else { continue }
      segments.append(forward[first...cut])
      (first, best) = (cut + 1, nil)
    }
    if first < forward.count { segments.append(forward[first...]) }
    return segments
  }

  /// Values that a later segment reads, and outputs and next states.
  private func keptValues(_ graph: Graph, _ segmentOf: [Value: Int]) -> Set<Value> {
    var kept = Set(graph.roots)
    for node in forward {
      guard let own = node.results.first.flatMap({ segmentOf[$0] }) else { continue }
      for case let operand? in node.operands {
        if let made = segmentOf[operand], made != own { kept.insert(operand) }
      }
    }
    return kept
  }

  private func copy(
    _ value: Value, _ segmentOf: [Value: Int], _ kept: Set<Value>, _ copies: inout [Value: Value], _ graph: inout Graph
  ) throws(GraphError) -> Value {
    if let known = copies[value] { return known }
    guard segmentOf[value] != nil, !kept.contains(value), let node = graph.producer(of: value) else { return value }
    var operands: [Value?] = []
    for operand in node.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      operands.append(try copy(operand, segmentOf, kept, &copies, &graph))
    }
    let results = try graph.apply(node.op, operands, resultCount: node.results.count, named: node.name)
    for (old, new) in zip(node.results, results) { copies[old] = new }
    return copies[value]!
  }
}
