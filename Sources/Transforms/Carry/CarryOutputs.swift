public import HoneIR

/// Outputs become inputs of the next run: as states, or as caches with a capacity where they are the inputs with more behind.
///
/// `CarryState` and `CacheKeysAndValues`, each where it fits. Names of sizes in carried inputs that `binding` lacks become 1.
public struct CarryOutputs: Pass {
  /// Where empty, all pairs that `CarriedPair.named(in:)` finds.
  public var pairs: [CarriedPair] = []
  /// Positions that caches have room for; needed where there are any.
  public var capacity: Int?
  /// Numbers for names of sizes in the types of all inputs.
  public var binding: [String: Int] = [:]

  public init() {}
  public init(_ pairs: [CarriedPair] = [], capacity: Int? = nil, binding: [String: Int] = [:]) {
    (self.pairs, self.capacity, self.binding) = (pairs, capacity, binding)
  }

  public func run(on graph: inout Graph) throws(GraphError) {
    try graph.bindSizes(binding)
    try Pipeline.cleaning.run(on: &graph)
    let pairs = pairs.isEmpty ? CarriedPair.named(in: graph) : pairs
    guard !pairs.isEmpty else {
      func names(_ values: [Value]) -> String { values.map { graph.name(of: $0) }.joined(separator: ", ") }
      throw GraphError(
        .attribute,
        "no output is named like an input that it could be next; name pairs of the outputs \(names(graph.outputs)) and the inputs \(names(graph.inputs))"
      ).at("carry")
    }
    // How much longer than the past its present is, only the rewritten operator tells.
    try Pipeline([ExposeAttention(caches: Set(pairs.map(\.input)))]).run(on: &graph)
    let ends = try graph.ends(of: pairs)
    // Exporters may name the batch once for each input: what is known of one holds for all.
    let batch = ends.compactMap { graph.shape(of: $0.input)?.first?.size }.first ?? 1
    var (caches, states, rest): ([CarriedPair], [CarriedPair], [String: Int]) = ([], [], [:])
    for (pair, end) in zip(pairs, ends) {
      let growing = graph.growingAxes(of: end.input, into: end.output)
      if growing.isEmpty { states.append(pair) } else { caches.append(pair) }
      for (axis, size) in (graph.shape(of: end.input) ?? []).enumerated() where !growing.contains(axis) {
        for name in size.symbols { rest[name] = axis == 0 && size.symbolName != nil && !growing.isEmpty ? batch : 1 }
      }
    }
    if !caches.isEmpty {
      guard let capacity else {
        throw GraphError(
          .attribute,
          "output ‘\(caches[0].output)’ is input ‘\(caches[0].input)’ with more behind it; give such caches a capacity"
        ).at("carry")
      }
      try CacheKeysAndValues(caches, capacity: capacity, binding: rest).run(on: &graph)
    } else if capacity != nil {
      throw GraphError(.attribute, "no output is an input with more behind it, so there is no cache to give a capacity")
        .at(
          "carry")
    }
    if !states.isEmpty { try CarryState(states, binding: rest).run(on: &graph) }
  }
}

extension Graph {
  /// The axes along which `output` is longer than `input`, of a length with a name.
  fileprivate func growingAxes(of input: Value, into output: Value) -> [Int] {
    guard let past = shape(of: input), let next = shape(of: output), past.count == next.count else { return [] }
    return past.indices.filter { !past[$0].symbols.isEmpty && !(next[$0] - past[$0]).isUnknown && next[$0] != past[$0] }
  }
}
