public import HoneIR
import Logging

/// Pipelines whose every step is checked by running the graph before and after it; a step that changes outputs is undone.
///
/// Inputs are the samples, random ones with all symbols bound to 1 and to other sizes, and edge cases.
public struct VerifiedPipeline: Sendable {
  public var pipelines: [Pipeline]
  /// Outputs may differ by rtol·|expected| + atol·max |expected|.
  public var rtol = 1e-3
  public var atol = 1e-4
  /// Random inputs for each binding of symbols.
  public var seeds = 3
  /// What checking may take altogether, roughly.
  public var seconds = 120.0
  public var threads = 1
  /// Keeps steps although the graph runs on no input at all.
  public var acceptsUnverified = false

  public init(_ pipelines: [Pipeline]) { self.pipelines = pipelines }
  public init(_ level: OptimizationLevel) { self.init(Pipeline.standard(level)) }

  /// Rewrites `graph`; `samples` are values for all its inputs.
  public func run(on graph: inout Graph, samples: [[RuntimeValue?]] = []) throws(GraphError) -> RewriteReport {
    let options = DifferentialVerifier.Options(rtol: rtol, atol: atol, seeds: seeds, seconds: seconds, threads: threads)
    let verifier = DifferentialVerifier(graph, samples: samples, options)
    var run = VerifiedRun(graph: graph, verifier: verifier, accepts: acceptsUnverified, limit: seconds)
    if verifier.references.isEmpty {
      run.report.notes.append("not verified by execution: \(verifier.firstSkip ?? "no input could be made up")")
      guard acceptsUnverified else { return run.report }
    }
    for pipeline in pipelines { run.apply(pipeline) }
    graph = run.graph
    run.report.nodesAfter = graph.totalNodeCount
    return run.report
  }
}

/// The state of one run: the graph as accepted so far, and the report.
struct VerifiedRun {
  var graph: Graph
  var verifier: DifferentialVerifier
  var report: RewriteReport
  private let limit: Double
  private let log = Logger(label: "hone.transforms")
  private let start = ContinuousClock.now
  /// Rules that changed outputs are not tried again.
  private var refused: Set<String> = []

  init(graph: Graph, verifier: DifferentialVerifier, accepts: Bool, limit: Double) {
    (self.graph, self.verifier, self.limit) = (graph, verifier, limit)
    let count = graph.totalNodeCount
    report = RewriteReport(nodesBefore: count, nodesAfter: count)
    (report.inputCount, report.skippedInputCount) = (verifier.references.count, verifier.skipped)
  }

  /// Steps that take this long to check are checked together.
  private static let slowSeconds = 1.0

  mutating func apply(_ pipeline: Pipeline) {
    if verifier.seconds > Self.slowSeconds, applyAtOnce(pipeline) { return }
    for _ in 0..<pipeline.rounds {
      var changed = false
      for pass in pipeline.passes where apply(pass) { changed = true }
      if !changed { return }
    }
  }

  /// The whole pipeline as one step; false if it had to be undone.
  private mutating func applyAtOnce(_ pipeline: Pipeline) -> Bool {
    let note = "runs take long: passes are checked together, and one by one only where that fails"
    if !report.notes.contains(note) { report.notes.append(note) }
    let name = pipeline.passes.map(\.name).joined(separator: ", ")
    return attempt(name) { (graph: inout Graph, refused: Set<String>) throws(GraphError) in
      var all: [String: Int] = [:]
      for _ in 0..<pipeline.rounds {
        var fired: [String: Int] = [:]
        for pass in pipeline.passes {
          fired.merge(try Self.run(pass, on: &graph) { !refused.contains($0) }, uniquingKeysWith: +)
        }
        if fired.isEmpty { break }
        all.merge(fired, uniquingKeysWith: +)
      }
      return all
    } != .undone
  }

  /// Returns whether the graph changed.
  private mutating func apply(_ pass: any Pass) -> Bool {
    let outcome = attempt(pass.name) { (graph: inout Graph, refused: Set<String>) throws(GraphError) in
      try Self.run(pass, on: &graph) { !refused.contains($0) }
    }
    guard outcome == .undone else { return outcome == .kept }
    guard let pass = pass as? any RewritePass else { return false }
    let suspects = report.steps.last!.rules.isEmpty ? pass.rewriteNames : report.steps.last!.rules.keys.sorted()
    var changed = false
    for name in suspects where !refused.contains(name) {
      let outcome = attempt("\(pass.name): \(name)") { (graph: inout Graph, _: Set<String>) throws(GraphError) in
        try Self.run(pass, on: &graph) { $0 == name }
      }
      if outcome == .undone { refused.insert(name) }
      changed = changed || outcome == .kept
    }
    return changed
  }

  private static func run(_ pass: any Pass, on graph: inout Graph, where isWanted: (String) -> Bool) throws(GraphError)
    -> [String: Int]
  {
    if let pass = pass as? any RewritePass { return try pass.rewrite(&graph, where: isWanted) }
    let before = graph.revision
    try pass.run(on: &graph)
    graph.removeDeadNodes()
    return graph.revision == before ? [:] : [pass.name: 1]
  }

  private enum Outcome { case unchanged, kept, undone }

  private mutating func attempt(
    _ name: String, _ body: (inout Graph, Set<String>) throws(GraphError) -> [String: Int]
  ) -> Outcome {
    var candidate = graph
    var step = RewriteReport.Step(name: name, nodesBefore: graph.totalNodeCount, nodesAfter: 0)
    do {
      step.rules = try body(&candidate, refused)
      guard !step.rules.isEmpty else { return .unchanged }
      candidate.keepOutputTypes(of: graph)
      try candidate.verify()
      step.nodesAfter = candidate.totalNodeCount
    } catch {
      step.nodesAfter = step.nodesBefore
      return undo(step, because: "\(error)")
    }
    if start.duration(to: .now).seconds > limit, verifier.references.count > 1 {
      verifier.keepFirst()
      report.notes.append("the time for checking was over before \(name): from there on, one input was compared")
    }
    switch verifier.check(candidate) {
    case .same(let inputs, let deviation):
      (step.inputCount, step.maximumDeviation) = (inputs, deviation)
      report.steps.append(step)
      graph = candidate
      log.debug("\(name)", metadata: ["nodes": "\(step.nodesBefore) → \(step.nodesAfter)", "inputs": "\(inputs)"])
      return .kept
    case .different(let reason, let inputs, let deviation):
      (step.inputCount, step.maximumDeviation) = (inputs, deviation)
      return undo(step, because: reason)
    }
  }

  private mutating func undo(_ step: RewriteReport.Step, because reason: String) -> Outcome {
    log.info("undone: \(step.name)", metadata: ["reason": "\(reason)"])
    report.steps.append(step)
    report.steps[report.steps.count - 1].rolledBack = reason
    return .undone
  }
}

extension Graph {
  /// Outputs whose rank is not known any more have the types that `original` knew or declared.
  fileprivate mutating func keepOutputTypes(of original: Graph) {
    for (value, known) in zip(outputs, original.outputs) {
      guard let type = type(of: value).tensor, type.shape == nil, original.rank(of: known) != nil else { continue }
      setType(original.type(of: known), of: value)
    }
  }
}
