import HoneIR
import HoneOperators

/// Which inputs and outputs of a decoder are its cache, and what its sizes mean.
struct CacheLayout {
  struct Cache {
    /// What came before: an input with an axis of past positions.
    var past: Value
    /// The same with the new positions behind.
    var present: Value
    /// The axis of positions, and all sizes with room for `capacity` positions.
    var axis: Int
    var sizes: [Int]
  }
  var caches: [Cache] = []
  /// The names of sizes that count past positions, and those that count past and new ones.
  var pastSizes: Set<String> = []
  var totalSizes: Set<String> = []
  /// How many positions are new.
  var newCount: Dimension = 0
  /// An input, and its axis of new positions.
  var counted: (input: Value, axis: Int)
  /// Inputs `[batch, past and new positions]`, which become those of the new positions.
  var masks: [Value] = []
  let capacity: Int

  init(_ graph: Graph, _ ends: [(output: Value, input: Value)], capacity: Int) throws(GraphError) {
    self.capacity = capacity
    guard let first = graph.inputs.first else { throw GraphError(.attribute, "the model has no inputs").at("cache") }
    counted = (first, 0)
    for (output, input) in ends {
      let (axis, count) = try Self.growth(graph, output, input)
      let type = graph.tensorType(of: input)
      guard let name = type.shape?[axis].symbolName else {
        throw GraphError(
          .unsupported,
          "input ‘\(graph.name(of: input))’ is \(type), made for one number of past positions; export it with a name for that size"
        ).at("cache")
      }
      pastSizes.insert(name)
      guard caches.isEmpty || count == newCount else {
        throw GraphError(.unsupported, "caches grow by different numbers of positions: \(newCount) and \(count)").at(
          "cache")
      }
      newCount = count
      var sizes = type.shape!
      sizes[axis] = Dimension(capacity)
      let known = sizes.compactMap(\.size)
      guard known.count == sizes.count else {
        let names = Set(sizes.flatMap(\.symbols)).sorted().joined(separator: ", ")
        throw GraphError(.type, "input ‘\(graph.name(of: input))’ is \(type); a cache has known sizes: bind \(names)")
          .at("cache")
      }
      caches.append(Cache(past: input, present: output, axis: axis, sizes: known))
    }
    try findMasks(graph)
    try findCounted(graph)
  }

  var batch: Int { caches[0].sizes[0] }

  /// Names that other inputs have for the batch, where the caches' is a number: exporters may name it once for each input.
  static func batchNames(_ graph: Graph, _ ends: [(output: Value, input: Value)]) throws(GraphError) -> [String: Int] {
    guard let end = ends.first, let batch = graph.shape(of: end.input)?.first?.size else { return [:] }
    let (_, count) = try growth(graph, end.output, end.input)
    var names: [String: Int] = [:]
    for input in graph.inputs where !ends.contains(where: { $0.input == input }) {
      guard let shape = graph.shape(of: input), shape.count > 1, let name = shape[0].symbolName, shape[0] != count,
        isMask(graph.name(of: input)) || shape.dropFirst().contains(count)
      else { continue }
      names[name] = batch
    }
    return names
  }

  /// The axis along which `output` is `input` with new positions behind it, and how many.
  private static func growth(_ graph: Graph, _ output: Value, _ input: Value) throws(GraphError) -> (Int, Dimension) {
    if let node = graph.producer(of: output), let rank = graph.rank(of: input), rank > 1 {
      if let concat = node.op as? Concat, node.operands.count == 2, node.operands[0] == input,
        let new = graph.shape(of: node.operands[1])
      {
        let axis = concat.axis < 0 ? concat.axis + rank : concat.axis
        if axis > 0 { return (axis, new[axis]) }
      }
      if node.op is Attention, node.operands.count > 5, rank == 4, let key = graph.shape(of: node.operands[1]),
        let place = [1, 2].first(where: { $0 < node.results.count && node.results[$0] == output }),
        node.operands[place + 3] == input
      {
        return (2, key.count == 4 ? key[2] : key[1])
      }
    }
    throw GraphError(
      .unsupported,
      "output ‘\(graph.name(of: output))’ is not input ‘\(graph.name(of: input))’ with new positions behind it, joined by Concat, Attention or MultiHeadAttention"
    ).at("cache")
  }

  /// Inputs with an axis of past and new positions.
  private mutating func findMasks(_ graph: Graph) throws(GraphError) {
    let others = graph.inputs.filter { input in !caches.contains { $0.past == input } }
    let plain = Set(
      others.filter { !Self.isMask(graph.name(of: $0)) }.flatMap { graph.shape(of: $0) ?? [] }.flatMap(\.symbols))
    for input in others {
      guard let shape = graph.shape(of: input), let last = shape.last else { continue }
      if last.symbols.isDisjoint(with: pastSizes) {
        guard Self.isMask(graph.name(of: input)), let name = last.symbolName, !plain.contains(name),
          !newCount.symbols.contains(name)
        else { continue }
        totalSizes.insert(name)
      }
      if shape.count == 2, shape[0].size == batch { masks.append(input) }
    }
  }

  private static func isMask(_ name: String) -> Bool { name.lowercased().contains("mask") }

  private mutating func findCounted(_ graph: Graph) throws(GraphError) {
    for input in graph.inputs where !masks.contains(input) && !caches.contains(where: { $0.past == input }) {
      guard let axis = graph.shape(of: input)?.firstIndex(of: newCount) else { continue }
      counted = (input, axis)
      return
    }
    throw GraphError(.unsupported, "no input has the new positions, \(newCount), as an axis").at("cache")
  }

  /// A size that counts past or all positions.
  func isPadded(_ size: Dimension) -> Bool {
    let symbols = size.symbols
    return !symbols.isDisjoint(with: pastSizes) || !symbols.isDisjoint(with: totalSizes)
  }

  /// Past and new positions, and nothing else.
  func isTotal(_ size: Dimension) -> Bool {
    if let name = size.symbolName, totalSizes.contains(name) { return true }
    return pastSizes.contains { size == .symbol($0) + newCount }
  }

  /// The axes of a value that have room for all positions.
  func paddedAxes(_ value: Value?, in graph: Graph) -> [Int] {
    guard let shape = graph.shape(of: value) else { return [] }
    return shape.indices.filter { isPadded(shape[$0]) }
  }
}
