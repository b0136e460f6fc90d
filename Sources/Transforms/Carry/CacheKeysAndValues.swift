public import HoneIR
import HoneOperators

/// A decoder's keys and values become states with room for `capacity` positions, written in place behind those that are there.
///
///     var graph = try ONNXModel(contentsOf: url).graph     // inputs past_key_values.0.key …, outputs present.0.key …
///     try CacheKeysAndValues(capacity: 256).run(on: &graph)
///     let (program, store) = (try Preparation().program(graph), StateStore())
///     let decoder = try BoundSession(program, inputs: [token.type, mask.type], state: store)
///     for _ in 0..<100 {
///       try decoder.set(0, to: token)                        // one token: every run has the same shapes
///       try decoder.run()
///       token = choose(decoder.output(0))
///     }
///     try store.reset(to: graph)                             // the next text begins
///
/// A prompt of several tokens is one run of another session with the same store. The state `past_length` (int64) says how many
/// positions are valid: a smaller number takes back the last ones. A run whose positions do not fit fails and changes no cache.
///
/// What the model computes from the sizes of the past (position numbers, causal masks) it computes from that length then. An
/// input `[batch, past and new positions]` such as `attention_mask` becomes `[batch, new positions]`; what it said of the past
/// is kept in a state. Masks with other axes are given for all `capacity` keys. The sequences of a batch have one length;
/// those that are shorter are padded in front, and masked.
///
/// Throws `.unsupported`, with the place, for models that look at past positions in other ways than attention, masks and
/// position numbers do: sums over them, parts of them, control flow that depends on how many there are.
public struct CacheKeysAndValues: Pass {
  /// The name of the state that holds the number of valid positions.
  public static let length = "past_length"

  /// Outputs that are inputs with new positions behind them; where empty, all that `CarriedPair.named(in:)` finds.
  public var pairs: [CarriedPair] = []
  /// Positions that a cache has room for.
  public var capacity = 0
  /// Numbers for names of sizes in the types of all inputs.
  public var binding: [String: Int] = [:]

  public init() {}
  public init(_ pairs: [CarriedPair] = [], capacity: Int, binding: [String: Int] = [:]) {
    (self.pairs, self.capacity, self.binding) = (pairs, capacity, binding)
  }

  public func run(on graph: inout Graph) throws(GraphError) {
    guard capacity > 0 else { throw GraphError(.attribute, "the capacity of a cache must be positive").at("cache") }
    guard graph.updates.isEmpty else {
      throw GraphError(.unsupported, "the graph has states already; make the cache first").at("cache")
    }
    var prepared = graph
    try prepared.bindSizes(binding)
    try Pipeline.cleaning.run(on: &prepared)
    let pairs = pairs.isEmpty ? CarriedPair.named(in: prepared) : pairs
    guard !pairs.isEmpty else {
      throw GraphError(.attribute, "no outputs and inputs are named like present and past; name the pairs").at("cache")
    }
    var ends = try prepared.ends(of: pairs)
    let sizes = Set(ends.flatMap { prepared.shape(of: $0.input) ?? [] }.compactMap(\.symbolName))
    try Pipeline([ExposeAttention(pastSizes: sizes, caches: Set(pairs.map(\.input))), RemoveDuplicates()]).run(
      on: &prepared)
    ends = try prepared.ends(of: pairs)
    try prepared.bindSizes(CacheLayout.batchNames(prepared, ends))
    var rewriting = try CacheRewriting(prepared, try CacheLayout(prepared, ends, capacity: capacity))
    graph = try rewriting.run()
  }
}
