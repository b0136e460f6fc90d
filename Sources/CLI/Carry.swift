import ArgumentParser
import HoneIR
import HoneTransforms

/// Which outputs of a model are inputs of its next run.
struct CarryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      An output that is an input of the next run, zero at first; may be repeated. auto: all pairs whose names say so, such as \
      present.0.key and past_key_values.0.key, Y_h and initial_h, cache_out and cache, hn and h.
      """, valueName: "output=input|auto"))
  var carry: [String] = []
  @Option(
    help: ArgumentHelp(
      """
      Positions that carried caches of keys and values have room for. The model is then given the new positions only, also \
      in attention_mask.
      """, valueName: "n"))
  var capacity: Int?

  var isWanted: Bool { !carry.isEmpty }

  func validate() throws {
    guard isWanted else {
      if capacity != nil { throw ValidationError("--capacity is for caches that --carry names") }
      return
    }
    if let capacity, capacity <= 0 { throw ValidationError("--capacity must be positive") }
    guard carry != ["auto"] else { return }
    for text in carry where text == "auto" || Self.pair(text) == nil {
      throw ValidationError("--carry takes auto alone, or pairs output=input; this is ‘\(text)’")
    }
  }

  private static func pair(_ text: String) -> CarriedPair? {
    let parts = text.split(separator: "=", maxSplits: 1)
    return parts.count == 2 ? CarriedPair(output: String(parts[0]), input: String(parts[1])) : nil
  }

  /// `graph` with what is carried as states, after a note about which that is.
  func apply(to graph: Graph, binding: [String: Int], _ note: (String) -> Void) throws(GraphError) -> Graph {
    guard isWanted else { return graph }
    var carried = graph
    try CarryOutputs(carry == ["auto"] ? [] : carry.compactMap(Self.pair), capacity: capacity, binding: binding).run(
      on: &carried)
    let inputs = Set(carried.inputs.map { carried.name(of: $0) })
    let names = graph.inputs.map { graph.name(of: $0) }.filter { !inputs.contains($0) }
    let shown = names.count > 4 ? names.prefix(2) + ["… and \(names.count - 2) more"] : names[...]
    note("carried from run to run: \(shown.joined(separator: ", "))")
    return carried
  }

  /// The sizes that are still to be bound in the inputs of `graph`.
  func remaining(_ binding: [String: Int], in graph: Graph) -> [String: Int] {
    guard isWanted else { return binding }
    let names = Set(graph.inputs.flatMap { graph.tensorType(of: $0).shape?.flatMap(\.symbols) ?? [] })
    return binding.filter { names.contains($0.key) }
  }
}
