import HoneIR
import HoneRuntime

/// Finds the node that made the first number that is not finite.
struct NonFiniteSearch {
  /// What was found, in words.
  struct Finding {
    /// The node, as errors show it.
    var place: String
    /// What it gave from what.
    var text: String
  }

  /// Runs `graph` once more on `inputs` and copies of `states`, with every floating-point value as an output: the first node
  /// whose operands are all finite and whose results are not; failing that, what was not finite from the start.
  static func first(in graph: Graph, _ inputs: [Tensor], states: [String: Tensor], threads: Int) throws(GraphError)
    -> Finding?
  {
    let store = StateStore()
    try store.restore(states)
    if let input = zip(graph.inputs, inputs).first(where: { !$1.isFinite }) {
      return Finding(place: "input ‘\(graph.name(of: input.0))’", text: "the data holds \(word(input.1))")
    }
    if let state = states.sorted(by: { $0.key < $1.key }).first(where: { !$1.isFinite }) {
      return Finding(place: "state ‘\(state.key)’", text: "it holds \(word(state.value)) since a step before")
    }
    let nodes = graph.sorted()
    var observed: [Value] = []
    for node in nodes {
      observed += node.results.filter { graph.tensorType(of: $0).element.isFloatingPoint && graph.isUsed($0) }
    }
    var copy = graph
    copy.outputs = observed
    let session = Session(Program(copy, threads: threads), state: store)
    let values = try session.run(inputs.map { .tensor($0) })
    var tensors: [Value: Tensor] = [:]
    for (value, result) in zip(observed, values) { tensors[value] = result.tensor }
    let suspects = nodes.filter { node in node.results.contains { tensors[$0].map { !$0.isFinite } ?? false } }
    func isSound(_ operand: Value?) -> Bool {
      guard let operand else { return true }
      return (tensors[operand] ?? graph.constant(operand))?.isFinite ?? true
    }
    guard let node = suspects.first(where: { $0.operands.allSatisfy(isSound) }) ?? suspects.first else { return nil }
    let result = node.results.compactMap { tensors[$0] }.first { !$0.isFinite }!
    let operands = node.operands.compactMap { operand in
      operand.flatMap { value in (tensors[value] ?? graph.constant(value)).map { range(graph.name(of: value), $0) } }
    }
    let from = operands.isEmpty ? "" : " from \(operands.prefix(4).joined(separator: ", "))"
    return Finding(place: node.place, text: "it gives \(word(result))\(from)")
  }

  private static func word(_ tensor: Tensor) -> String {
    tensor.doubles.contains { $0.isNaN } ? "NaN" : "infinity"
  }

  private static func range(_ name: String, _ tensor: Tensor) -> String {
    let values = tensor.doubles
    let label = name.isEmpty ? "\(tensor.type)" : "‘\(name)’"
    guard let low = values.min(), let high = values.max() else { return label }
    return "\(label) in \(Float(low)) … \(Float(high))"
  }
}

extension Graph {
  fileprivate func isUsed(_ value: Value) -> Bool { userCount(of: value) > 0 || roots.contains(value) }
}
