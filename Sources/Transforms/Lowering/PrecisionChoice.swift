import HoneIR
import HoneOperators

/// Which nodes take bfloat16 data: those with products, and of the others those that would move more bytes otherwise.
struct PrecisionChoice {
  private let graph: Graph
  private let nodes: [Node]
  let forms: [Node.ID: NarrowForm]
  private(set) var narrow: Set<Node.ID>
  /// States that only move from run to run, and those whose next value a value is.
  private let moved: Set<Value>
  private let followed: [Value: [Value]]

  /// Nodes of `kept` stay as they are, and so does what states are computed from themselves with, but for products; products
  /// of less than `leastWork` go with their neighbours.
  init(_ graph: Graph, kept: Set<Node.ID> = [], leastWork: Int = 0) {
    self.graph = graph
    nodes = graph.sorted()
    let paths = StatePaths(graph)
    moved = paths.moved
    followed = Dictionary(grouping: graph.updates.keys) { graph.updates[$0]! }
    var forms: [Node.ID: NarrowForm] = [:]
    for node in nodes where !kept.contains(node.id) {
      guard var form = NarrowForm(node, in: graph) else { continue }
      if form.work < leastWork { form.work = 0 }
      if form.work == 0, paths.rounding.contains(node.id) { continue }
      forms[node.id] = form
    }
    self.forms = forms
    narrow = Set(forms.keys)
    dropIslands()
    settle()
    dropIslands()
  }

  /// Nodes without products change sides as long as that makes what is stored, converted values twice, less.
  private mutating func settle() {
    for _ in 0..<16 {
      var changed = false
      for node in nodes where forms[node.id]?.work == 0 {
        let before = cost(around: node)
        let was = narrow.contains(node.id)
        if was { narrow.remove(node.id) } else { narrow.insert(node.id) }
        let after = cost(around: node)
        if after < before || after == before && !was {
          changed = true
        } else if was {
          narrow.insert(node.id)
        } else {
          narrow.remove(node.id)
        }
      }
      if !changed { return }
    }
  }

  private func cost(around node: Node) -> Int {
    let values = Set(node.operands.compactMap { $0 } + node.results)
    return values.reduce(0) { $0 + traffic(of: $1) }
  }

  /// What storing `value` in the forms that somebody reads costs, an element of bfloat16 being 1.
  private func traffic(of value: Value) -> Int {
    guard graph.constant(value) == nil else { return 0 }
    let users = graph.users(of: value)
    let narrowUsers = users.count { readsNarrow($0, value) }
    let hasWideUsers =
      narrowUsers < users.count || graph.isOutput(value) || followed[value]?.contains { !isNarrow($0) } ?? false
    let size = graph.nominalSize(of: value)
    if moved.contains(value), isNarrow(value) { return size }
    guard let producer = graph.producer(of: value), narrow.contains(producer.id), let form = forms[producer.id],
      !form.keepsData
    else {
      return narrowUsers > 0 ? 3 * size : 2 * size
    }
    guard hasWideUsers else { return size }
    return narrowUsers == 0 && form.wide != nil ? 2 * size : 3 * size
  }

  /// Whether `state` is kept as bfloat16: it is moved only, and whoever reads or makes it works on that.
  func isNarrow(_ state: Value) -> Bool {
    guard moved.contains(state), let next = graph.updates[state], let producer = graph.producer(of: next),
      narrow.contains(producer.id), forms[producer.id]?.keepsData == false
    else { return false }
    return !graph.isOutput(state) && isReadNarrowOnly(state)
  }

  private func isReadNarrowOnly(_ value: Value) -> Bool {
    graph.users(of: value).allSatisfy { readsNarrow($0, value) }
  }

  private func readsNarrow(_ node: Node, _ value: Value) -> Bool {
    guard narrow.contains(node.id), let form = forms[node.id] else { return false }
    return form.data.contains { form.operands[$0] == value }
  }

  /// Whether somebody wants `value` as float32, and nobody as bfloat16.
  func isReadWideOnly(_ value: Value) -> Bool { !graph.users(of: value).contains { readsNarrow($0, value) } }

  /// Neighbouring nodes of which none has products stay float32.
  private mutating func dropIslands() {
    var reached = Set<Node.ID>()
    var queue = nodes.filter { narrow.contains($0.id) && forms[$0.id]!.work > 0 }
    reached.formUnion(queue.map(\.id))
    while let node = queue.popLast() {
      let form = forms[node.id]!
      if form.keepsData { continue }
      let around =
        form.data.compactMap { form.operands[$0].flatMap { graph.producer(of: $0) } }
        + node.results.flatMap { value in graph.users(of: value).filter { readsNarrow($0, value) } }
      for next in around where narrow.contains(next.id) && reached.insert(next.id).inserted { queue.append(next) }
    }
    narrow = reached
  }
}
