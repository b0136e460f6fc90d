public import HoneIR
public import HoneOperators
import HoneRuntime
import HoneTransforms

/// What a pass wants to know of a value while samples run through the graph.
public struct Observation: Sendable {
  public var value: Value
  public var statistic: any StatisticOp
  public init(_ value: Value, _ statistic: any StatisticOp) { (self.value, self.statistic) = (value, statistic) }
}

/// The final states of observations, in their order.
public struct ObservedStatistics: Sendable {
  public var states: [Tensor]
  public var sampleCount = 0
}

/// An algorithm that looks at data before it changes a graph.
///
/// All passes of a step share one streaming run: each sample is run once and dropped, so memory does not grow with their number.
public protocol CalibratedPass: Pass {
  func observations(in graph: Graph) throws(GraphError) -> [Observation]
  func run(on graph: inout Graph, given statistics: ObservedStatistics) throws(GraphError)
}

/// Runs samples through a copy of a graph that keeps statistics as state.
public struct Calibration {
  private let session: Session
  private let store = StateStore()
  private let names: [String]
  public private(set) var sampleCount = 0

  public init(_ graph: Graph, _ observations: [Observation], threads: Int = 1) throws(GraphError) {
    var observed = graph
    var names: [String] = []
    for (i, observation) in observations.enumerated() {
      let name = "statistic \(i)"
      let state = observed.state(name, initial: observation.statistic.initial)
      observed.update(state, to: try observed.apply(observation.statistic, observation.value, state, named: name))
      names.append(name)
    }
    // What only leads to the model's outputs need not run.
    observed.outputs = []
    observed.removeDeadNodes()
    self.names = names
    session = Session(try Preparation(level: 3, threads: threads).program(observed), state: store)
  }

  /// Takes one batch in. Batches may differ in their sizes.
  public mutating func observe(_ inputs: [Tensor]) throws(GraphError) {
    _ = try session.run(inputs.map { .tensor($0) })
    sampleCount += 1
  }

  public var statistics: ObservedStatistics {
    ObservedStatistics(states: names.map { store[$0]! }, sampleCount: sampleCount)
  }
}
