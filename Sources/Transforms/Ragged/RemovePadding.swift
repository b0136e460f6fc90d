public import HoneIR
import HoneOperators

/// Leaves the positions that a mask calls padding out of attentions and of all that works on positions alone before,
/// between and after them, so that a batch takes the time of its valid positions.
///
/// What attentions lead to is zero in padded positions, of outputs and of values that are read across positions alike;
/// in valid ones it is what it was. Attentions are taken whose keys the mask hides and nothing else does but the future.
/// Runs last; lowered graphs are not saved.
public struct RemovePadding: Pass {
  /// The name of the input that is 1 in valid positions and 0 in padded ones, `[batch, length]`.
  public var mask = ""
  public init() {}
  public init(mask: String) { self.mask = mask }

  /// Throws if padding can be removed nowhere.
  public func run(on graph: inout Graph) throws(GraphError) { _ = try remove(from: &graph) }

  /// Does it, and tells where padding stays and who reads zeros now.
  func remove(from graph: inout Graph) throws(GraphError) -> [String] {
    let input = try find(in: graph)
    var ragged = try RaggedGraph(graph, mask: input)
    try ragged.convert()
    guard ragged.attentionCount > 0 else {
      let reason =
        ragged.refusals.first.map { "\($0.reason), at \($0.place)" }
        ?? "the model has no attention that is known as one"
      throw GraphError(.unsupported, "no padding of ‘\(mask)’ can be removed: \(reason)").at("option --ragged")
    }
    graph = ragged.graph
    let count = ragged.attentionCount
    return ["padding of ‘\(mask)’ is left out of \(count) attention\(count == 1 ? "" : "s")"]
      + ragged.refusals.map { "\($0.place) keeps its padding: \($0.reason)" }
      + ragged.readers.map { "\($0) reads zeros in padded positions" }
  }

  private func find(in graph: Graph) throws(GraphError) -> Value {
    guard let input = graph.inputs.first(where: { graph.name(of: $0) == mask }) else {
      let names = graph.inputs.map { graph.name(of: $0) }.joined(separator: ", ")
      throw GraphError(.attribute, "the model has no input ‘\(mask)’ that could be a mask; it has \(names)").at(
        "option")
    }
    guard let type = graph.type(of: input).tensor, type.rank == 2, type.element != .string, !type.element.isComplex
    else {
      throw GraphError(
        .attribute, "a mask of padding has axes batch and length, input ‘\(mask)’ is \(graph.type(of: input))"
      ).at("option")
    }
    return input
  }
}
