import HoneIR
import HoneOperators

/// A graph whose values of positions become matrices of valid positions, where attentions ask for it.
struct RaggedGraph {
  var graph: Graph
  private(set) var attentionCount = 0
  /// Attentions that keep their padding, and why.
  private(set) var refusals: [(place: String, reason: String)] = []
  /// Nodes that read across positions what is zero in padded ones.
  private(set) var readers: [String] = []

  /// Axes that count positions.
  enum Layout {
    /// `[batch, length, …]`
    case pair
    /// `[batch·length, …]`
    case flat
    var rank: Int { self == .pair ? 2 : 1 }
  }

  private let mask: Value
  private let batch, length: Dimension
  private let nodes: [Node]
  /// What `ValidRows` says of the mask.
  private let places, positions, samples, offsets, padding: Value
  /// Values without padding, `[rows, …]`.
  private var rows: [Value: Value] = [:]
  /// Values that an attention without padding leads to.
  private var attended: Set<Value> = []
  private var converted: Set<Node.ID> = []
  private var failed: Set<Node.ID> = []
  private var masks: [Value: PaddingMask?] = [:]

  init(_ graph: Graph, mask: Value) throws(GraphError) {
    (self.graph, self.mask, nodes) = (graph, mask, graph.sorted())
    let shape = graph.shape(of: mask)!
    (batch, length) = (shape[0], shape[1])
    let valid = try self.graph.apply(ValidRows(), [mask], resultCount: 5, named: "valid positions")
    (places, positions, samples, offsets, padding) = (valid[0], valid[1], valid[2], valid[3], valid[4])
  }

  mutating func convert() throws(GraphError) {
    for node in nodes {
      if let attention = node.op as? Attention {
        if let reason = try attend(attention, node) { refusals.append((node.place, reason)) }
      } else if node.operands.contains(where: { $0.map(attended.contains) ?? false }), try convert(node) {
        attended.formUnion(node.results)
      }
    }
    try restore()
  }

  func layout(of value: Value) -> Layout? {
    guard let shape = graph.shape(of: value), let first = shape.first else { return nil }
    if shape.count > 1, first == batch, shape[1] == length { return .pair }
    return first == batch * length ? .flat : nil
  }

  /// Sizes of the axes that do not count positions, if all are known.
  func features(of value: Value, _ layout: Layout) -> [Int]? {
    guard let shape = graph.shape(of: value) else { return nil }
    let sizes = shape.dropFirst(layout.rank).compactMap(\.size)
    return sizes.count == shape.count - layout.rank ? sizes : nil
  }
}

// MARK: Nodes
extension RaggedGraph {
  /// Brings `node` to rows, if it works on each position alone.
  private mutating func convert(_ node: Node) throws(GraphError) -> Bool {
    if converted.contains(node.id) { return true }
    guard !failed.contains(node.id), let results = try rowWise(node), fits(results, node) else {
      failed.insert(node.id)
      return false
    }
    for (old, new) in zip(node.results, results) { rows[old] = new }
    converted.insert(node.id)
    return true
  }

  /// `results` are what the node gives, without padding.
  private func fits(_ results: [Value], _ node: Node) -> Bool {
    zip(node.results, results).allSatisfy { old, new in
      guard let layout = layout(of: old), let own = graph.shape(of: old), let shape = graph.shape(of: new) else {
        return false
      }
      return graph.element(of: old) == graph.element(of: new) && shape.first == graph.shape(of: places)![0]
        && Array(shape.dropFirst()) == Array(own.dropFirst(layout.rank))
    }
  }

  /// Brings an attention to rows; why not, if it cannot be.
  private mutating func attend(_ attention: Attention, _ node: Node) throws(GraphError) -> String? {
    guard let element = graph.element(of: node.result), element == .float32 || element == .bfloat16 else {
      return "its numbers are neither float32 nor bfloat16"
    }
    let isPlain =
      attention.softcap == 0 && attention.left_window_size < 0 && attention.right_window_size < 0
      && node.operands.dropFirst(4).allSatisfy { $0 == nil }
      && node.results.dropFirst().allSatisfy { graph.userCount(of: $0) == 0 && !graph.isOutput($0) }
    guard isPlain else { return "it has a window, a past, counts of keys, a bounded score or more than one result" }
    let operands = node.operands.prefix(3).compactMap { $0 }
    guard operands.count == 3, let heads = attention.q_num_heads, let keyHeads = attention.kv_num_heads,
      operands.allSatisfy({ graph.rank(of: $0) == 3 && layout(of: $0) == .pair && features(of: $0, .pair) != nil })
    else { return "its queries, keys and values are not all [batch, length, size] of the mask" }
    guard node.operands.count > 3, let added = node.operands[3] else {
      return "no mask hides its keys"
    }
    if masks[added] == nil { masks[added] = .some(PaddingMask(added, of: mask, in: graph)) }
    guard let hides = masks[added]! else { return "its mask is more, or other, than ‘\(graph.name(of: mask))’" }
    if element == .bfloat16, (features(of: operands[0], .pair)![0] / heads) % 2 != 0 {
      return "its heads have an odd size"
    }
    var ragged = RaggedAttention()
    (ragged.q_num_heads, ragged.kv_num_heads, ragged.scale) = (heads, keyHeads, attention.scale)
    ragged.is_causal = attention.is_causal || hides == .paddingAndFuture
    var matrices: [Value?] = []
    for operand in operands { matrices.append(try rows(of: operand)) }
    let result = try graph.apply(ragged, matrices + [offsets, padding], resultCount: 1, named: node.name)[0]
    rows[node.result] = result
    attended.insert(node.result)
    converted.insert(node.id)
    attentionCount += 1
    return nil
  }

  /// Puts padding back where nodes that were left alone, or outputs, ask for it.
  private mutating func restore() throws(GraphError) {
    let left = Set(nodes.map(\.id)).subtracting(converted)
    var restored: [Value] = []
    for node in nodes where converted.contains(node.id) {
      for result in node.results where attended.contains(result) {
        let isWanted = graph.isOutput(result) || graph.users(of: result).contains { left.contains($0.id) }
        guard isWanted, let layout = layout(of: result), let matrix = rows[result] else { continue }
        var full = try graph.apply(RestorePadding(), matrix, padding)
        restored.append(full)
        if layout == .flat {
          full = try reshape(full, [-1] + features(of: result, layout)!)
          restored.append(full)
        }
        graph.replace(result, with: full)
      }
    }
    graph.removeDeadNodes()
    for value in restored {
      readers += graph.users(of: value).filter { left.contains($0.id) && !graph.picks($0, value) }.map(\.place)
    }
  }
}

// MARK: Values
extension RaggedGraph {
  /// `value` without padding, if its axes begin with positions.
  mutating func rows(of value: Value) throws(GraphError) -> Value? {
    if let known = rows[value] { return known }
    guard let layout = layout(of: value) else { return nil }
    if let node = graph.producer(of: value), try convert(node) { return rows[value] }
    guard let sizes = features(of: value, layout) else { return nil }
    let flat = layout == .flat ? value : try reshape(value, [-1] + sizes)
    let result = try graph.apply(Gather(), flat, places)
    rows[value] = result
    return result
  }

  /// `value` as it is broadcast with rows of a result that has `rank` axes in `layout`.
  mutating func aligned(_ value: Value, rank: Int, _ layout: Layout) throws(GraphError) -> Value? {
    guard let shape = graph.shape(of: value) else { return nil }
    let features = rank - layout.rank
    let front = Array(shape.dropLast(features))
    guard shape.count > features else { return value }
    if shape.count == rank, self.layout(of: value) == layout { return try rows(of: value) }
    let sizes = shape.suffix(features).compactMap(\.size)
    guard sizes.count == features else { return nil }
    if front.allSatisfy({ $0 == 1 }) { return try reshape(value, sizes) }
    guard layout == .pair, let position = front.last else { return nil }
    if front.count == 1 || front[0] == 1 {
      // The same for all samples; a size that is not known is 1 or the length.
      var table = front.count == 1 ? value : try reshape(value, [-1] + sizes)
      if position != length {
        let size = try graph.apply(Gather(), graph.apply(Shape(), mask), graph.constant(.integers([1])))
        let ones = graph.constant(.integers(Array(repeating: 1, count: features)))
        table = try graph.apply(Expand(), table, graph.apply(Concat(), size, ones))
      }
      return try graph.apply(Gather(), table, positions)
    }
    guard position == 1, front[0] == batch else { return nil }
    return try graph.apply(Gather(), reshape(value, [-1] + sizes), samples)
  }

  /// `value` with sizes of which the first may be −1.
  mutating func reshape(_ value: Value, _ sizes: [Int]) throws(GraphError) -> Value {
    if let tensor = graph.constant(value) {
      let others = sizes.filter { $0 >= 0 }.reduce(1, *)
      return graph.constant(tensor.reshaped(sizes.map { $0 < 0 ? tensor.elementCount / max(others, 1) : $0 }))
    }
    return try graph.apply(Reshape(), value, graph.constant(.integers(sizes)))
  }

  /// Applies `op`, as `node` does, to rows.
  mutating func apply(_ op: any Op, _ operands: [Value?], like node: Node) throws(GraphError) -> [Value] {
    try graph.apply(op, operands, resultCount: node.results.count, named: node.name)
  }
}

extension Graph {
  /// `node` takes positions out of `value`, and computes nothing from it.
  fileprivate func picks(_ node: Node, _ value: Value) -> Bool {
    node.op is Gather || node.op is Slice || node.op is Shape || node.op is GatherElements || node.op is GatherND
      || node.op is Reshape
  }
}
