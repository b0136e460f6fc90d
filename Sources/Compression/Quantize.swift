public import HoneIR
import HoneOperators

/// Static 8-bit quantization: QuantizeLinear and DequantizeLinear pairs around every operator that has an integer form.
///
/// Weights become signed integers, activations take the range that calibration finds. The result is a standard model.
public struct Quantize: CalibratedPass {
  public var calibration = CalibrationMethod.entropy
  public var activation_type = ElementType.uint8
  /// Activations have their zero point in the middle.
  public var symmetric = false
  /// Each output channel of weights has a scale of its own.
  public var per_channel = true
  /// Share of values kept by `percentile`, of 100.
  public var percentile = 99.999
  /// Weights use 7 bits, for machines whose 8-bit products saturate.
  public var reduce_range = false
  /// Nodes left in float: exact names, or regular expressions after `re:`.
  public var nodes_to_exclude: [String] = []
  /// Operators to quantize; empty means all that can be.
  public var op_types: [String] = []
  public init() {}

  public func run(on graph: inout Graph) throws(GraphError) {
    throw GraphError(.attribute, "quantization needs data to calibrate with")
  }

  public func observations(in graph: Graph) throws(GraphError) -> [Observation] {
    let selection = try QuantizationSelection(graph, self)
    return selection.observed.map { Observation($0, calibration.statistic) }
  }

  public func run(on graph: inout Graph, given statistics: ObservedStatistics) throws(GraphError) {
    let selection = try QuantizationSelection(graph, self)
    var parameters: [Value: QuantizationParameters] = [:]
    for (value, state) in zip(selection.observed, statistics.states) {
      parameters[value] = QuantizationParameters(
        range: calibration.range(state, percentile: percentile), element: activation_type, symmetric: symmetric)
    }
    for (value, source) in selection.sharing { parameters[value] = parameters[source] }
    var insertion = QuantizationInsertion(graph: graph, parameters: parameters)
    for node in selection.products {
      try insertion.quantizeWeights(of: node, perChannel: per_channel, limit: reduce_range ? 63 : 127)
    }
    try insertion.quantizeActivations(selection.values)
    graph = insertion.graph
    graph.removeDeadNodes()
  }
}
