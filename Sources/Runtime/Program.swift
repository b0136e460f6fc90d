public import HoneIR
import Logging

/// A graph made runnable: its packed weights, and its plans for the shapes met so far. Sessions share it.
public final class Program: Sendable {
  public let graph: Graph
  public let threads: Int
  public let races: Bool
  let weights = PackedWeights()
  private let start: Planner
  let inputSlots: [Int]
  private let plans = PlanCache()
  private let log = Logger(label: "hone.runtime")

  /// With `races`, kernels that a model of costs finds about equal are tried when the first plan for their shapes in this
  /// process is made. The best one may be another in the next process, and its results differ by rounding.
  public init(_ graph: Graph, threads: Int = 1, races: Bool = false) {
    (self.graph, self.threads, self.races) = (graph, threads, races)
    let start = Planner(graph, weights: weights, threads: threads, race: races ? RaceBudget() : nil)
    self.start = start
    inputSlots = graph.inputs.indices.map { start.inputSlot($0) }
  }

  /// The plan for inputs of these types, made when asked for first.
  public func plan(for inputs: [ValueType]) throws(GraphError) -> Plan {
    try plans.plan(for: PlanCache.Key(types: inputs, contents: [])) { () throws(GraphError) in
      try check(inputs)
      var planner = start
      for (i, type) in inputs.enumerated() { planner.slots[inputSlots[i]].type = type }
      return try planned(inputs.map(\.description).joined(separator: ", ")) { () throws(GraphError) in
        try planner.plan()
      }
    }
  }

  /// What `make` plans for `inputs`, with a note in the log.
  func planned(_ inputs: @autoclosure () -> String, _ make: () throws(GraphError) -> Plan) throws(GraphError) -> Plan {
    let start = ContinuousClock.now
    let plan = try make()
    let time = ContinuousClock.now - start
    log.debug(
      "planned",
      metadata: [
        "inputs": "\(inputs())", "steps": "\(plan.stepCount)", "memory": "\(plan.memoryByteCount)", "time": "\(time)",
      ])
    return plan
  }

  /// The types of the inputs with symbols replaced by sizes; symbols that `binding` lacks become 1.
  public func inputTypes(binding: [String: Int] = [:]) throws(GraphError) -> [ValueType] {
    for name in binding.keys
    where !graph.inputs.contains(where: {
      graph.tensorType(of: $0).shape?.contains { $0.symbols.contains(name) } ?? false
    }) {
      let names = Set(graph.inputs.flatMap { graph.tensorType(of: $0).shape?.flatMap(\.symbols) ?? [] })
      throw GraphError(
        .input,
        "no input has a size named ‘\(name)’; there \(names.isEmpty ? "are none" : "is \(names.sorted().joined(separator: ", "))")"
      )
    }
    return try graph.inputs.map { input throws(GraphError) in
      guard case .tensor(let type) = graph.type(of: input) else { return graph.type(of: input) }
      guard let shape = type.shape else {
        throw GraphError(.input, "input ‘\(graph.name(of: input))’ has no declared shape; give a value for it")
      }
      return .tensor(
        type.element,
        shape.map { dimension in
          let bound = dimension.bound(binding)
          return bound.size.map(Dimension.fixed)
            ?? bound.bound(Dictionary(uniqueKeysWithValues: bound.symbols.map { ($0, 1) }))
        })
    }
  }

  /// Inputs must have the declared element type and rank, and sizes that agree with each other.
  private func check(_ inputs: [ValueType]) throws(GraphError) {
    guard inputs.count == graph.inputs.count else {
      throw GraphError(.input, "the model has \(graph.inputs.count) inputs, \(inputs.count) were given")
    }
    for (input, type) in zip(graph.inputs, inputs) {
      let declared = graph.type(of: input)
      guard declared.isCompatible(with: type) else {
        throw GraphError(.input, "input ‘\(graph.name(of: input))’ must be \(declared), is \(type)")
      }
    }
  }
}

extension Planner {
  func inputSlot(_ i: Int) -> Int { scopes[0].slots[scopes[0].graph.inputs[i]]! }
}
