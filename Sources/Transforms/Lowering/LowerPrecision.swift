public import HoneIR
import HoneOperators

/// Makes the data between products bfloat16, with float32 sums, biases, statistics and softmax; inputs and outputs keep
/// their types. Of recurrent operators only the weights are rounded.
///
/// States that only move from run to run, such as caches of keys and values, are bfloat16 too where nobody reads them as
/// float32. What other states are computed from themselves with stays float32, but for products.
///
/// Runs after `LowerLayout`. Lowered graphs are not saved.
public struct LowerPrecision: Pass {
  /// Products of fewer multiply-adds go with their neighbours.
  public var leastWork = 0
  /// Names of nodes that stay as they are.
  public var kept: [String] = []
  public init() {}

  public func run(on graph: inout Graph) throws(GraphError) {
    guard graph.trainable.isEmpty else { return }
    let kept = Set(kept)
    let keptNodes = graph.sorted().filter { kept.contains(graph.label(of: $0)) }.map(\.id)
    let choice = PrecisionChoice(graph, kept: Set(keptNodes), leastWork: leastWork)
    guard !choice.narrow.isEmpty else { return }
    var writer = NarrowedGraph(graph, choice)
    graph = try writer.build()
  }
}

extension Graph {
  /// What reports call `node`.
  func label(of node: Node) -> String { node.name.isEmpty ? name(of: node.result) : node.name }
}

extension Tensor {
  /// The elements rounded to bfloat16.
  var bfloat16: Tensor { Tensor(floats.map { BFloat16($0) }, shape: sizes) }
}

/// The copy of a graph in which each value is there as float32, as bfloat16 or as both.
private struct NarrowedGraph {
  private let source: Graph
  private let choice: PrecisionChoice
  private var copy = Graph()
  private var wide: [Value: Value] = [:]
  private var narrow: [Value: Value] = [:]

  init(_ source: Graph, _ choice: PrecisionChoice) { (self.source, self.choice) = (source, choice) }

  mutating func build() throws(GraphError) -> Graph {
    copy.name = source.name
    copy.metadata = source.metadata
    for input in source.inputs { wide[input] = copy.input(source.name(of: input), source.type(of: input)) }
    let states = addStates()
    for node in source.sorted() {
      if choice.narrow.contains(node.id), let form = choice.forms[node.id] {
        try add(form, named: node.name)
      } else {
        try add(node)
      }
    }
    for (state, next) in source.updates.sorted(by: { $0.key < $1.key }) {
      copy.update(states[state]!, to: choice.isNarrow(state) ? try narrowed(next) : try widened(next))
    }
    let names = source.outputs.map { source.name(of: $0) }
    var outputs: [Value] = []
    for output in source.outputs { outputs.append(try widened(output)) }
    copy.outputs = outputs
    for (output, name) in zip(outputs, names) where !copy.inputs.contains(output) { copy.rename(output, to: name) }
    return copy
  }

  /// The states of the copy for those of the source.
  private mutating func addStates() -> [Value: Value] {
    var states: [Value: Value] = [:]
    // Caches of the same sizes share their zeros.
    var zeros: [TensorType: Tensor] = [:]
    for state in source.states {
      guard case .state(let initial, _) = source.origin(of: state) else { continue }
      let name = source.name(of: state)
      if choice.isNarrow(state) {
        let isZero = initial.floats.allSatisfy { $0 == 0 }
        let first = zeros[initial.type].flatMap { isZero ? $0 : nil } ?? initial.bfloat16
        if isZero { zeros[initial.type] = first }
        states[state] = copy.state(name, initial: first)
        narrow[state] = states[state]
      } else {
        states[state] = copy.state(name, initial: initial)
        wide[state] = states[state]
      }
    }
    return states
  }

  private mutating func add(_ node: Node) throws(GraphError) {
    var operands: [Value?] = []
    for operand in node.operands { operands.append(try operand.map { value throws(GraphError) in try widened(value) }) }
    let results = try copy.apply(
      node.op, operands, resultCount: node.results.count, named: node.name,
      resultNames: node.results.map { source.name(of: $0) })
    for (old, new) in zip(node.results, results) { wide[old] = new }
  }

  private mutating func add(_ form: NarrowForm, named name: String) throws(GraphError) {
    var operands: [Value?] = []
    for (i, operand) in form.operands.enumerated() {
      guard let operand else {
        operands.append(nil)
        continue
      }
      operands.append(form.data.contains(i) ? try narrowed(operand) : try widened(operand))
    }
    let names = form.results.map { source.name(of: $0) }
    if let op = form.wide, choice.isReadWideOnly(form.results[0]) {
      wide[form.results[0]] = try copy.apply(op, operands, resultCount: 1, named: name, resultNames: names)[0]
      return
    }
    let results = try copy.apply(
      form.op, operands, resultCount: form.results.count, named: name, resultNames: names)
    for (old, new) in zip(form.results, results) {
      if form.keepsData { wide[old] = new } else { narrow[old] = new }
    }
  }

  private mutating func widened(_ value: Value) throws(GraphError) -> Value {
    if let known = wide[value] { return known }
    let result: Value
    if let tensor = source.constant(value) {
      result = copy.constant(tensor, source.name(of: value))
    } else if let half = narrow[value] {
      result = try copy.apply(Cast(to: .float32), half)
    } else {
      throw GraphError(.invariant, "‘\(source.name(of: value))’ is read before it is made")
    }
    wide[value] = result
    return result
  }

  private mutating func narrowed(_ value: Value) throws(GraphError) -> Value {
    if let known = narrow[value] { return known }
    let result: Value
    if let tensor = source.constant(value) {
      result = copy.constant(tensor.bfloat16, source.name(of: value))
    } else {
      result = try copy.apply(Cast(to: .bfloat16), try widened(value))
    }
    narrow[value] = result
    return result
  }
}
