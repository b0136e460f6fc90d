import HoneIR
import HoneOperators

/// A decoder's graph made again with caches of fixed size.
///
/// Axes of past and new positions get the length of the cache; what is behind the valid positions is of no account, and
/// where it could reach a result it is masked. Numbers made of the length of the past are made twice where they have to be: as
/// sizes they come from the cache's length, as data from the number of valid positions.
struct CacheRewriting {
  /// A value of the old graph in the new one.
  struct Mapped {
    /// Where it gives a size.
    var size: Value
    /// Where it is data.
    var data: Value
    var isDual: Bool { size != data }
    init(_ value: Value) { (size, data) = (value, value) }
    init(size: Value, data: Value) { (self.size, self.data) = (size, data) }
  }

  let old: Graph
  let layout: CacheLayout
  var new = Graph()
  private var map: [Value: Mapped] = [:]
  private var pastOf: [Value: Int] = [:]
  private var written: [Int: Value] = [:]
  /// How many positions are valid before the run, at which each sample goes on, where each ends then, and that as one number.
  private(set) var length, starts, ends, end: Value
  /// The caches' states.
  private var states: [Value] = []
  /// How much more the data has than the size where both count the past: valid positions − (capacity − new ones).
  private var difference: Value?
  /// Values of the new graph that are made from the number of valid positions.
  private var fromLength: Set<Value> = []
  /// Values of the new graph that are zero behind the valid positions.
  var zeroed: Set<Value> = []

  init(_ graph: Graph, _ layout: CacheLayout) throws(GraphError) {
    (old, self.layout) = (graph, layout)
    (new.name, new.metadata) = (graph.name, graph.metadata)
    length = new.state(CacheKeysAndValues.length, initial: .scalar(Int64(0)))
    var zeros: [TensorType: Tensor] = [:]
    func state(_ name: String, _ type: TensorType, in new: inout Graph) -> Value {
      let zero = zeros[type] ?? .zeros(type)
      zeros[type] = zero
      return new.state(name, initial: zero)
    }
    for (i, cache) in layout.caches.enumerated() {
      pastOf[cache.past] = i
      let type = TensorType(graph.tensorType(of: cache.past).element, cache.sizes)
      states.append(state(graph.name(of: cache.past), type, in: &new))
    }
    for input in graph.inputs where pastOf[input] == nil {
      var type = graph.tensorType(of: input)
      type.shape = type.shape?.map { size in
        layout.isPadded(size) ? layout.masks.contains(input) ? layout.newCount : Dimension(layout.capacity) : size
      }
      map[input] = Mapped(new.input(graph.name(of: input), type))
    }
    let position = CachePosition(axis: layout.counted.axis, batch: layout.batch, capacity: layout.capacity)
    let results = try new.apply(position, [length, map[layout.counted.input]!.data], resultCount: 3, named: "past")
    (starts, ends, end) = (results[0], results[1], results[2])
    new.update(length, to: end)
    fromLength = [length, starts, ends, end]
    for mask in layout.masks {
      let type = TensorType(graph.tensorType(of: mask).element, [layout.batch, layout.capacity])
      let state = state("past_" + graph.name(of: mask), type, in: &new)
      var scatter = TensorScatter()
      scatter.axis = 1
      let next = try new.apply(scatter, state, map[mask]!.data, starts)
      new.update(state, to: next)
      map[mask] = Mapped(next)
    }
  }

  mutating func run() throws(GraphError) -> Graph {
    for node in old.sorted() {
      try locating(node.place) { () throws(GraphError) in
        try rewrite(node)
        for result in node.results { try check(result, of: node) }
      }
    }
    let presents = Set(layout.caches.map(\.present))
    for output in old.outputs where !presents.contains(output) {
      guard layout.paddedAxes(output, in: old).isEmpty else {
        throw GraphError(
          .unsupported,
          "output ‘\(old.name(of: output))’ is \(old.type(of: output)), with an axis of past positions; leave it out of the model"
        ).at("cache")
      }
      var value = try mapped(output).data
      if new.inputs.contains(value) || new.constant(value) != nil || new.outputs.contains(value) {
        value = try new.apply(Identity(), value)
      }
      new.rename(value, to: old.name(of: output))
      new.outputs.append(value)
    }
    for (i, cache) in layout.caches.enumerated() {
      guard let next = written[i] else {
        throw GraphError(.invariant, "output ‘\(old.name(of: cache.present))’ was not reached").at("cache")
      }
      new.update(states[i], to: next)
    }
    new.removeDeadNodes()
    return new
  }

  // MARK: Values

  func mapped(_ value: Value) throws(GraphError) -> Mapped {
    if let known = map[value] { return known }
    if pastOf[value] != nil {
      throw GraphError(
        .unsupported,
        "reads ‘\(old.name(of: value))’ by itself; past positions are joined with the new ones and read then")
    }
    throw GraphError(.invariant, "‘\(old.name(of: value))’ was not reached")
  }

  private mutating func bring(_ operand: Value?) throws(GraphError) -> Mapped? {
    guard let operand else { return nil }
    if map[operand] == nil, let tensor = old.constant(operand) {
      map[operand] = Mapped(new.constant(tensor, old.name(of: operand)))
    }
    return try mapped(operand)
  }

  mutating func bring(_ operands: [Value?]) throws(GraphError) -> [Mapped?] {
    var result: [Mapped?] = []
    for operand in operands { result.append(try bring(operand)) }
    return result
  }

  mutating func set(_ value: Value, to mapped: Mapped) { map[value] = mapped }

  /// Applies `op` in the new graph, and notes where its results come from.
  mutating func emit(_ op: any Op, _ operands: [Value?], resultCount: Int = 1, like node: Node? = nil)
    throws(GraphError)
    -> [Value]
  {
    let names = node?.results.map { old.name(of: $0) } ?? []
    let results = try new.apply(op, operands, resultCount: resultCount, named: node?.name, resultNames: names)
    // Sizes do not depend on how much of a cache is valid.
    if !(op is Shape), operands.contains(where: { $0.map(fromLength.contains) ?? false }) {
      fromLength.formUnion(results)
    }
    return results
  }
  mutating func emit(_ op: any Op, _ operands: Value?...) throws(GraphError) -> Value { try emit(op, operands)[0] }

  mutating func integer(_ number: Int) -> Value { new.constant(.scalar(Int64(number))) }

  /// How many positions are new, as a scalar that gives a size.
  mutating func newCount() throws(GraphError) -> Value {
    if let size = layout.newCount.size { return integer(size) }
    let shape = try emit(Shape(), map[layout.counted.input]!.data)
    return try emit(Gather(), shape, integer(layout.counted.axis))
  }

  /// By how much data that counts the past differs from the size.
  mutating func lengthDifference() throws(GraphError) -> Value {
    if let difference { return difference }
    let free = try emit(Sub(), integer(layout.capacity), try newCount())
    let value = try emit(Sub(), length, free)
    difference = value
    return value
  }

  /// Throws where `value`, a size, depends on how many positions are valid.
  func requireSize(_ value: Value) throws(GraphError) {
    guard fromLength.contains(value) else { return }
    throw GraphError(
      .unsupported, "makes a shape of the number of past positions in a way that a cache of fixed size has not")
  }

  // MARK: Caches

  private mutating func rewrite(_ node: Node) throws(GraphError) {
    if node.op is Concat, let past = node.operands[0], let i = pastOf[past], layout.caches[i].present == node.result {
      let update = try bring(Array(node.operands[1...]))[0]!.data
      return set(node.result, to: Mapped(try write(i, update, like: node)))
    }
    if let attention = node.op as? Attention { return try rewrite(attention, node) }
    if node.op is Shape, let x = node.operands[0] { return try rewriteShape(node, of: x) }
    try rewriteOther(node)
  }

  /// Writes new positions into cache `i`.
  private mutating func write(_ i: Int, _ update: Value, like node: Node? = nil) throws(GraphError) -> Value {
    var scatter = TensorScatter()
    scatter.axis = layout.caches[i].axis
    let next = try emit(scatter, [states[i], update, starts], like: node)[0]
    if node == nil { new.rename(next, to: old.name(of: layout.caches[i].present)) }
    written[i] = next
    return next
  }

  /// Attention to a cache is told how many keys are valid.
  private mutating func rewrite(_ attention: Attention, _ node: Node) throws(GraphError) {
    let pasts = [4, 5].compactMap { $0 < node.operands.count ? node.operands[$0] : nil }
    let isCached = !layout.paddedAxes(node.operands[1], in: old).isEmpty
    guard isCached || pasts.contains(where: { pastOf[$0] != nil }) else { return try rewriteOther(node) }
    guard node.operands.count < 7 || node.operands[6] == nil, node.results.count <= 3 else {
      throw GraphError(.unsupported, "has counts of valid keys, or its scores as a result, beside a cache")
    }
    var operands = try bring(Array(node.operands.prefix(4))).map { $0?.data }
    while operands.count < 4 { operands.append(nil) }
    guard !pasts.isEmpty else {
      set(node.result, to: Mapped(try emit(attention, operands + [nil, nil, ends], like: node)[0]))
      return
    }
    guard pasts.count == 2, let (key, value) = (pastOf[pasts[0]]).flatMap({ k in pastOf[pasts[1]].map { (k, $0) } })
    else {
      throw GraphError(.unsupported, "has a past that is not carried whole: name the pairs of keys and of values")
    }
    let rank = old.rank(of: node.operands[0])
    if rank == 3 {
      operands[0] = try heads(operands[0]!, attention.q_num_heads ?? 1)
      for i in 1...2 { operands[i] = try heads(operands[i]!, attention.kv_num_heads ?? 1) }
    }
    (operands[1], operands[2]) = (try write(key, operands[1]!), try write(value, operands[2]!))
    for (i, cache) in [(1, key), (2, value)] where i < node.results.count {
      set(node.results[i], to: Mapped(written[cache]!))
    }
    var inner = attention
    if rank == 3 { (inner.q_num_heads, inner.kv_num_heads) = (nil, nil) }
    var result = try emit(inner, operands + [nil, nil, ends])[0]
    if rank == 3 {
      result = try emit(transposition, result)
      result = try emit(Reshape(), result, new.constant(.integers([0, 0, -1])))
    }
    set(node.result, to: Mapped(result))
  }

  private var transposition: Transpose {
    var transpose = Transpose()
    transpose.perm = [0, 2, 1, 3]
    return transpose
  }

  /// `[batch, heads, positions, width]` of `[batch, positions, heads · width]`.
  private mutating func heads(_ x: Value, _ count: Int) throws(GraphError) -> Value {
    try emit(transposition, try emit(Reshape(), x, new.constant(.integers([0, 0, count, -1]))))
  }

  /// The sizes of a value with positions: as sizes those of the cache, as data those of the valid part.
  private mutating func rewriteShape(_ node: Node, of x: Value) throws(GraphError) {
    let shape = node.op as! Shape
    let rank = old.rank(of: x) ?? 0
    let padded = layout.paddedAxes(x, in: old)
    guard !padded.isEmpty else { return try rewriteOther(node) }
    func clamped(_ i: Int) -> Int { min(max(i < 0 ? i + rank : i, 0), rank) }
    let range = clamped(shape.start)..<max(clamped(shape.start), clamped(shape.end ?? rank))
    let sizes: Value
    if let i = pastOf[x] {
      let free = try emit(Sub(), integer(layout.capacity), try newCount())
      var parts: [Value] = []
      for axis in range {
        let one = new.constant(.integers([0]))
        parts.append(
          axis == layout.caches[i].axis
            ? try emit(Unsqueeze(), free, one) : new.constant(.integers([layout.caches[i].sizes[axis]])))
      }
      sizes = try emit(Concat(), parts.map { $0 })[0]
    } else {
      sizes = try emit(shape, [try bring([x])[0]!.data], like: node)[0]
    }
    let counts = range.map { padded.contains($0) ? 1 : 0 }
    guard counts.contains(1) else { return set(node.result, to: Mapped(sizes)) }
    let more = try emit(Mul(), new.constant(.integers(counts)), try lengthDifference())
    set(node.result, to: Mapped(size: sizes, data: try emit(Add(), sizes, more)))
  }

  // MARK: Checking

  /// Sizes of the new graph are those of the old one, with the cache's in the place of the number of all positions.
  private func check(_ result: Value, of node: Node) throws(GraphError) {
    guard let mapped = map[result], let before = old.shape(of: result) else { return }
    let after = new.shape(of: mapped.data)
    let fits =
      after.map { after in
        after.count == before.count
          && zip(before, after).allSatisfy {
            layout.isPadded($0) ? $1.size == layout.capacity : $0.symbols.isEmpty ? $0 == $1 : true
          }
      } ?? false
    guard fits else {
      let is_ = after.map { TensorType(new.tensorType(of: mapped.data).element, $0).description } ?? "of unknown shape"
      throw GraphError(
        .unsupported,
        "‘\(old.name(of: result))’, \(old.type(of: result)), would be \(is_) with a cache of \(layout.capacity) positions"
      )
    }
  }
}
