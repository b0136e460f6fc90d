public import HoneIR

/// Inputs of a model that are outputs of its last run become states: recurrent cells, delay lines, caches of fixed size.
///
///     var graph = try ONNXModel(contentsOf: url).graph
///     try CarryState([CarriedPair(output: "stateN", input: "state")], binding: ["batch": 1]).run(on: &graph)
///     let store = StateStore()
///     let session = try BoundSession(Preparation().program(graph), inputs: [chunk.type, rate.type], state: store)
///     for chunk in chunks {
///       try session.set(0, to: chunk)
///       try session.run()        // reads and writes ‘state’ where it lies
///     }
///     try store.reset(to: graph) // the next stream begins
///
/// The states have the inputs' names, and are zero at first unless given. Types of both ends of a pair must be equal; the
/// next value's is checked again when the model is planned, where the graph leaves sizes open.
public struct CarryState: Pass {
  public var pairs: [CarriedPair] = []
  /// Numbers for names of sizes in the types of all inputs.
  public var binding: [String: Int] = [:]
  /// The outputs of pairs stay outputs.
  public var keepsOutputs = false

  public init() {}
  public init(_ pairs: [CarriedPair], binding: [String: Int] = [:], keepsOutputs: Bool = false) {
    (self.pairs, self.binding, self.keepsOutputs) = (pairs, binding, keepsOutputs)
  }

  public func run(on graph: inout Graph) throws(GraphError) { try run(on: &graph, initial: [:]) }

  /// As `run(on:)`, with what some states are at first, by the names of their inputs.
  public func run(on graph: inout Graph, initial: [String: Tensor]) throws(GraphError) {
    try graph.bindSizes(binding)
    let values = try graph.ends(of: pairs)
    var zeros: [TensorType: Tensor] = [:]
    var dropped: Set<Value> = []
    for (output, input) in values {
      let (name, type) = (graph.name(of: input), graph.tensorType(of: input))
      let next = graph.type(of: output)
      guard case .tensor = graph.type(of: input), type.element != .string else {
        throw GraphError(.type, "input ‘\(name)’ is \(graph.type(of: input)); states are tensors of numbers").at(
          "carry")
      }
      guard next.isCompatible(with: .tensor(type)) else {
        throw GraphError(
          .type,
          "output ‘\(graph.name(of: output))’ is \(next) and input ‘\(name)’ \(type); only equal types are carried, or a cache of keys and values, with a capacity"
        ).at("carry")
      }
      guard type.isConcrete else {
        let names = type.shape.map { Set($0.flatMap(\.symbols)).sorted().joined(separator: ", ") } ?? "its rank"
        throw GraphError(.type, "input ‘\(name)’ is \(type); a state has known sizes: bind \(names)").at("carry")
      }
      if let given = initial[name], given.type != type {
        throw GraphError(.type, "the initial value of ‘\(name)’ must be \(type), is \(given.type)").at("carry")
      }
      let first = initial[name] ?? zeros[type] ?? .zeros(type)
      if initial[name] == nil { zeros[type] = first }
      graph.keep(input, initial: first)
      dropped.insert(output)
    }
    if let unknown = initial.keys.sorted().first(where: { name in !pairs.contains { $0.input == name } }) {
      throw GraphError(.attribute, "‘\(unknown)’ has an initial value and is not carried").at("carry")
    }
    for (output, input) in values { graph.update(input, to: output) }
    if !keepsOutputs { graph.outputs.removeAll { dropped.contains($0) } }
    try graph.inferTypes()
  }
}

extension Graph {
  /// The values that `pairs` name. Throws where a name is unknown or an input has two pairs.
  func ends(of pairs: [CarriedPair]) throws(GraphError) -> [(output: Value, input: Value)] {
    func find(_ name: String, in values: [Value], _ kind: String) throws(GraphError) -> Value {
      if let value = values.first(where: { self.name(of: $0) == name }) { return value }
      let names = values.map { self.name(of: $0) }.joined(separator: ", ")
      throw GraphError(.attribute, "there is no \(kind) ‘\(name)’; there is \(names)").at("carry")
    }
    var seen: Set<String> = []
    return try pairs.map { pair throws(GraphError) in
      guard seen.insert(pair.input).inserted else {
        throw GraphError(.attribute, "input ‘\(pair.input)’ is carried twice; name it once").at("carry")
      }
      return (try find(pair.output, in: outputs, "output"), try find(pair.input, in: inputs, "input"))
    }
  }
}
