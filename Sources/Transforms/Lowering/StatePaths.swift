import HoneIR
import HoneOperators

/// How a graph's float32 states come from themselves, over as many runs as it takes.
///
/// What is rounded once, when it is written, is as good after a thousand runs. What is added to and rounded in every run is not:
/// changes smaller than the rounding are lost for ever.
struct StatePaths {
  /// Nodes on the way from a state back to it, in this run or by way of other states, where something is computed on it.
  private(set) var rounding: Set<Node.ID> = []
  /// States whose elements are moved at most on that way: caches, delay lines.
  private(set) var moved: Set<Value> = []

  init(_ graph: Graph) {
    let states = graph.states.filter { graph.updates[$0] != nil && graph.element(of: $0) == .float32 }
    guard !states.isEmpty else { return }
    let nexts = states.map { graph.updates[$0]! }
    let ahead = states.map { Self.readers(of: $0, in: graph) }
    // Which states a state is part of after any number of runs.
    var reached = states.indices.map { s in
      states.indices.map { t in
        nexts[t] == states[s] || graph.producer(of: nexts[t]).map { ahead[s].contains($0.id) } ?? false
      }
    }
    for middle in states.indices {
      for s in states.indices where reached[s][middle] {
        for t in states.indices where reached[middle][t] { reached[s][t] = true }
      }
    }
    let behind = nexts.map { Self.sources(of: $0, in: graph) }
    for s in states.indices {
      var nodes: Set<Node.ID> = []
      for t in states.indices where t == s || reached[t][s] { nodes.formUnion(ahead[s].intersection(behind[t])) }
      if nodes.allSatisfy({ Self.moves(graph[$0]!.op) }) { moved.insert(states[s]) } else { rounding.formUnion(nodes) }
    }
  }

  /// The operator gives elements of its operands as they are.
  static func moves(_ op: any Op) -> Bool {
    switch op {
    case is TensorScatter, is Concat, is Slice, is Split, is Gather, is Transpose, is Reshape, is Flatten, is Squeeze,
      is Unsqueeze, is Identity, is Expand:
      true
    default: false
    }
  }

  private static func readers(of value: Value, in graph: Graph) -> Set<Node.ID> {
    var (found, queue) = (Set<Node.ID>(), [value])
    while let next = queue.popLast() {
      for user in graph.users(of: next) where found.insert(user.id).inserted { queue += user.results }
    }
    return found
  }

  private static func sources(of value: Value, in graph: Graph) -> Set<Node.ID> {
    var (found, queue) = (Set<Node.ID>(), [value])
    while let next = queue.popLast() {
      guard let node = graph.producer(of: next), found.insert(node.id).inserted else { continue }
      queue += node.operands.compactMap { $0 }
    }
    return found
  }
}
