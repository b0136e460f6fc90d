public import HoneIR
public import HoneRuntime

/// How a graph is made ready to run on this machine.
public struct Preparation: Sendable {
  /// Optimization level, 0 to 3.
  public var level: Int
  public var threads: Int
  /// Other precisions than fp32 need level 3.
  public var precision: Precision
  /// The input that says what is padding, which is then left out: see `RemovePadding`. Needs level 3.
  public var ragged: String?
  /// Kernels that a model of costs finds about equal are tried: see `Program`.
  public var races: Bool

  public init(
    level: Int = 3, threads: Int = 1, precision: Precision = .fp32, ragged: String? = nil, races: Bool = false
  ) {
    (self.level, self.threads, self.precision) = (level, threads, precision)
    (self.ragged, self.races) = (ragged, races)
  }

  /// A graph that runs in place of another, and what is worth telling about it.
  public struct Prepared: Sendable {
    public var graph: Graph
    public var notes: [String] = []
  }

  /// The graph that runs in place of `graph`: rewritten for speed, and not to be saved.
  public func graph(_ graph: Graph) throws(GraphError) -> Graph { try prepare(graph).graph }

  /// The program that runs `graph`.
  public func program(_ graph: Graph) throws(GraphError) -> Program {
    Program(try self.graph(graph), threads: threads, races: races)
  }

  /// The graph that runs in place of `graph`, with notes about what its precision came to.
  public func prepare(_ graph: Graph) throws(GraphError) -> Prepared {
    guard let level = OptimizationLevel(rawValue: level) else {
      throw GraphError(.attribute, "there is no optimization level \(level); there are 0 to 3")
    }
    if precision == .int8, !graph.isQuantized {
      throw GraphError(
        .attribute, "precision int8 needs a quantized model, and this one has no quantized operators: see hone quantize"
      ).at("option")
    }
    if precision == .bf16 || precision == .auto, level != .all {
      throw GraphError(.attribute, "precision \(precision.rawValue) needs optimization level 3").at(
        "option --precision")
    }
    if ragged != nil, level != .all {
      throw GraphError(.attribute, "leaving padding out needs optimization level 3").at("option --ragged")
    }
    var lowered = graph
    if level == .all { try Pipeline.lowering[0].run(on: &lowered) }
    for pipeline in Pipeline.standard(level) { try pipeline.run(on: &lowered) }
    if level == .all { for pipeline in Pipeline.lowering.dropFirst() { try pipeline.run(on: &lowered) } }
    var prepared: Prepared
    switch precision {
    case .fp32, .int8:
      if level == .all { try Pipeline([ReadPlanes(), ScaleWeights()]).run(on: &lowered) }
      prepared = Prepared(graph: lowered)
    case .bf16: prepared = try narrow(lowered)
    case .auto: prepared = try narrowWhereItPays(lowered)
    }
    if let ragged { prepared.notes += try RemovePadding(mask: ragged).remove(from: &prepared.graph) }
    if level == .all { try Pipeline.joining.run(on: &prepared.graph) }
    return prepared
  }

  private func narrow(_ graph: Graph) throws(GraphError) -> Prepared {
    var result = Prepared(graph: graph)
    if !Machine.multipliesBFloat16 {
      result.notes.append(
        "this machine (\(Machine.instructionSet)) has no bfloat16 products; they run as fp32 ones, which is slower")
    }
    try Pipeline.narrowing(LowerPrecision()).run(on: &result.graph)
    return result
  }

  private func narrowWhereItPays(_ graph: Graph) throws(GraphError) -> Prepared {
    var result = Prepared(graph: graph)
    guard Machine.multipliesBFloat16 else {
      result.notes = ["everything stays fp32: this machine (\(Machine.instructionSet)) has no bfloat16 products"]
      return result
    }
    guard Machine.bfloat16Gain() > 1.2 else {
      result.notes = ["everything stays fp32: this machine is no faster in bfloat16"]
      return result
    }
    let check = PrecisionCheck(result.graph, threads: threads)
    var pass = LowerPrecision()
    pass.leastWork = PrecisionCheck.leastWork
    pass.kept = check.kept.map(\.node)
    try Pipeline.narrowing(pass).run(on: &result.graph)
    result.notes = check.notes
    return result
  }
}

extension Pipeline {
  /// What makes a lowered graph run in bfloat16.
  static func narrowing(_ pass: LowerPrecision) -> Pipeline {
    Pipeline([pass, RemoveDuplicates()])
  }
}

extension Graph {
  /// Some node computes with quantized integers.
  var isQuantized: Bool {
    sorted().contains { node in
      let name = node.op.name
      return name.contains("QuantizeLinear") || name == "DequantizeLinear" || name.hasPrefix("QLinear")
        || name.hasSuffix("Integer")
        || name == "QGemm" || name == "QAttention" || name == "DynamicQuantizeMatMul" || name == "DynamicQuantizeLSTM"
    }
  }
}
