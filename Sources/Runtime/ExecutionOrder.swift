import HoneIR

/// The order in which the nodes of a graph with state run, chosen for little memory.
///
/// What the outputs need comes first; everything else follows in the order in which it was made, which for gradients is that
/// of the layers, backwards. A node made out of order, such as an activation that is computed again, runs just before its
/// first user. Beyond that a node runs as soon as it can if that frees at least the bytes that it takes, as do most gradients
/// of weights, and updates of states as soon as everything else has read the old value, so that they can be written in place.
struct ExecutionOrder {
  /// Operands before users.
  private(set) var nodes: [Node] = []
  private let graph: Graph
  private let live: Set<Node.ID>
  private let updating: Set<Node.ID>
  private let roots: Set<Value>
  private var isDone: Set<Node.ID> = []
  /// Live nodes that have not read a value yet.
  private var readers: [Value: Set<Node.ID>] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    let order = graph.sorted()
    live = Set(order.map(\.id))
    updating = Set(graph.updates.values.compactMap { graph.producer(of: $0)?.id })
    roots = Set(graph.roots)
    guard !updating.isEmpty else {
      nodes = order
      return
    }
    for node in order {
      for case let operand? in node.operands { readers[operand, default: []].insert(node.id) }
    }
    for output in graph.outputs { if let node = graph.producer(of: output) { run(node) } }
    for node in order.sorted(by: { $0.id < $1.id }) where !updating.contains(node.id) { run(node) }
    for node in order { run(node) }
  }

  /// Runs `node` after everything that it needs.
  private mutating func run(_ node: Node) {
    var stack = [(node: node, next: 0)]
    while let (node, next) = stack.last {
      guard !isDone.contains(node.id) else {
        stack.removeLast()
        continue
      }
      if next < node.operands.count {
        stack[stack.count - 1].next += 1
        if let operand = node.operands[next], let producer = graph.producer(of: operand) { stack.append((producer, 0)) }
      } else {
        stack.removeLast()
        append(node)
      }
    }
  }

  /// Appends `node`, and what its results or its reading let run at no cost.
  private mutating func append(_ node: Node) {
    var queue = [node]
    while let node = queue.popLast() {
      guard isDone.insert(node.id).inserted else { continue }
      nodes.append(node)
      var touched: Set<Node.ID> = []
      for case let operand? in node.operands {
        readers[operand]?.remove(node.id)
        touched.formUnion(readers[operand] ?? [])
      }
      for result in node.results { touched.formUnion(readers[result] ?? []) }
      queue += touched.sorted(by: >).compactMap { graph[$0] }.filter { isFree($0) }
    }
  }

  /// Whether `node` can run now without more memory being taken afterwards.
  private func isFree(_ node: Node) -> Bool {
    guard !isDone.contains(node.id), node.operands.allSatisfy(isThere) else { return false }
    guard !updating.contains(node.id) else {
      return node.operands.allSatisfy { operand in
        guard let operand, graph.updates[operand] != nil else { return true }
        return readers[operand]?.subtracting([node.id]).isEmpty ?? true
      }
    }
    var growth = 0
    for result in node.results {
      guard let bytes = graph.tensorType(of: result).byteCount else { return false }
      growth += bytes
    }
    for operand in Set(node.operands.compactMap(\.self)) where readers[operand] == [node.id] && !roots.contains(operand)
    {
      guard graph.producer(of: operand) != nil, let bytes = graph.tensorType(of: operand).byteCount else { continue }
      growth -= bytes
    }
    return growth <= 0
  }

  private func isThere(_ operand: Value?) -> Bool {
    guard let operand, let producer = graph.producer(of: operand) else { return true }
    return isDone.contains(producer.id)
  }
}
