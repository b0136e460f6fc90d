import HoneIR
import HoneOperators

/// Gradient checkpointing: what the backward pass reads of the forward pass is computed again instead of being kept, but for
/// what passes from one segment of the forward pass to the next (Chen et al., arXiv 1604.06174).
///
/// With as many segments as the square root of the nodes, about twice that many activations are alive at a time, for one
/// more forward pass at most. Small values, such as the statistics of normalizations, are kept, and what needs them alone is
/// made from them (`RecomputableOp`). Every value is computed again with its very bits; states change once.
///
/// The last segment, with which the backward pass begins, is kept. A copy is made after all other nodes, so that it runs just before its first user.
struct RecomputeActivations {
  /// Nodes of the forward pass, operands before users.
  let forward: [Node]
  /// Values of less than this part of the largest are kept.
  private static let smallShare = 256

  /// Changes what comes after `forward` in `graph`.
  func run(on graph: inout Graph) throws(GraphError) {
    let segments = segments(graph)
    var segmentOf: [Value: Int] = [:]
    for (i, segment) in segments.enumerated() {
      for node in segment { for result in node.results { segmentOf[result] = i } }
    }
    // The last segment is what the backward pass begins with.
    let last = Set(segments.last.map { $0.flatMap(\.results) } ?? [])
    let isForward = Set(forward.map(\.id))
    let again = Set(segmentOf.keys).subtracting(keptValues(graph, segmentOf)).subtracting(last)
    var copies: [Value: Value] = [:]
    for node in graph.sorted() where !isForward.contains(node.id) {
      var operands = node.operands
      for (i, operand) in operands.enumerated() {
        guard let operand, again.contains(operand) else { continue }
        operands[i] = try copy(operand, again, &copies, &graph)
      }
      graph.setOperands(of: node.id, to: operands)
    }
    graph.removeDeadNodes()
  }

  /// Consecutive nodes with about equal bytes of results, cut where few bytes pass.
  private func segments(_ graph: Graph) -> [ArraySlice<Node>] {
    var made: [Value: Int] = [:], lastUse: [Value: Int] = [:]
    for (i, node) in forward.enumerated() {
      for result in node.results { made[result] = i }
      for case let operand? in node.operands where made[operand] != nil { lastUse[operand] = i }
    }
    var passing = [Int](repeating: 0, count: forward.count)
    for (value, last) in lastUse { for i in made[value]!..<last { passing[i] += graph.byteCount(of: value) } }
    let sizes = forward.map { node in node.results.reduce(0) { $0 + graph.byteCount(of: $1) } }
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

  /// Outputs and next states, values that a later segment reads, small ones, and what would come out otherwise again.
  private func keptValues(_ graph: Graph, _ segmentOf: [Value: Int]) -> Set<Value> {
    var kept = Set(graph.roots)
    let largest = segmentOf.keys.reduce(0) { max($0, graph.byteCount(of: $1)) }
    for node in forward {
      guard let own = node.results.first.flatMap({ segmentOf[$0] }) else { continue }
      for case let operand? in node.operands {
        if let made = segmentOf[operand], made != own { kept.insert(operand) }
      }
      let isRandom = node.op is any RandomOp && !(node.op is DropRandomly)
      for result in node.results where isRandom || graph.byteCount(of: result) < largest / Self.smallShare {
        kept.insert(result)
      }
    }
    return kept
  }

  /// `value` made again from values that are kept.
  private func copy(
    _ value: Value, _ again: Set<Value>, _ copies: inout [Value: Value], _ graph: inout Graph
  ) throws(GraphError) -> Value {
    if let known = copies[value] { return known }
    guard again.contains(value), let node = graph.producer(of: value) else { return value }
    var operands: [Value?] = []
    for operand in node.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      operands.append(try copy(operand, again, &copies, &graph))
    }
    if let op = node.op as? any RecomputableOp, value == node.results[0],
      !node.results.dropFirst().contains(where: again.contains),
      let made = try op.recompute(node, operands, in: &graph)
    {
      copies[value] = made
      return made
    }
    let results = try graph.apply(node.op, operands, resultCount: node.results.count, named: node.name)
    for (old, new) in zip(node.results, results) { copies[old] = new }
    return copies[value]!
  }
}

extension Graph {
  fileprivate func byteCount(of value: Value) -> Int { tensorType(of: value).byteCount ?? 0 }
}
