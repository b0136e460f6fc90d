import HoneIR
import HoneRuntime

/// Runs graphs on the same inputs and compares what they give.
struct DifferentialVerifier {
  struct Options {
    var rtol: Double
    var atol: Double
    var seeds: Int
    var seconds: Double
    var threads: Int
  }
  struct Reference {
    var input: VerificationInputs.Candidate
    var outputs: [RuntimeValue]
  }
  enum Verdict {
    case same(inputs: Int, deviation: Double)
    case different(String, inputs: Int, deviation: Double)
  }

  let options: Options
  private(set) var references: [Reference] = []
  private(set) var skipped = 0
  /// Why the first input that could not be used could not.
  private(set) var firstSkip: String?
  /// How long it takes to plan the original and run it on all inputs.
  private(set) var seconds = 0.0

  init(_ graph: Graph, samples: [[RuntimeValue?]], _ options: Options) {
    self.options = options
    let start = ContinuousClock.now
    let session = Session(graph, threads: options.threads)
    for (i, sample) in samples.enumerated() {
      take(VerificationInputs.Candidate(name: "sample \(i)", values: sample), session, graph)
      if isLate(start) { break }
    }
    let inputs = VerificationInputs(graph)
    let fills =
      (2...max(options.seeds, 2)).map { VerificationInputs.Fill.random(seed: UInt64($0)) } + VerificationInputs.edges
    var bound = 0
    for binding in inputs.bindings {
      let before = references.count
      guard bound < 2, !isLate(start), let first = inputs.candidate(binding, .random(seed: 1)) else { continue }
      take(first, session, graph)
      // Other numbers may do where no other sizes can be tried.
      guard references.count > before || inputs.bindings.count == 1 else { continue }
      bound += 1
      for fill in fills {
        if isLate(start) { break }
        if let candidate = inputs.candidate(binding, fill) { take(candidate, session, graph) }
      }
    }
    seconds = start.duration(to: .now).seconds
  }

  /// A part of the time for checking is over; one input at least is taken.
  private func isLate(_ start: ContinuousClock.Instant) -> Bool {
    !references.isEmpty && start.duration(to: .now).seconds > options.seconds / 10
  }

  private mutating func take(_ input: VerificationInputs.Candidate, _ session: Session, _ graph: Graph) {
    do {
      let outputs = try session.run(input.values)
      guard outputs.allSatisfy(\.isFinite) else {
        skipped += 1
        firstSkip = firstSkip ?? "\(input.name): an output is not finite"
        return
      }
      references.append(Reference(input: input, outputs: outputs))
    } catch {
      skipped += 1
      firstSkip = firstSkip ?? "\(input.name): \(error.message)"
    }
  }

  /// Compares on the first input only from now on.
  mutating func keepFirst() { references = Array(references.prefix(1)) }

  /// Compares `graph` with the last one that was accepted; if they agree, it becomes the one to compare with.
  mutating func check(_ graph: Graph) -> Verdict {
    let session = Session(graph, threads: options.threads)
    var deviation = 0.0
    var accepted: [Reference] = []
    for (i, reference) in references.enumerated() {
      let outputs: [RuntimeValue]
      do { outputs = try session.run(reference.input.values) } catch {
        return .different("fails on \(reference.input.name): \(error)", inputs: i, deviation: deviation)
      }
      guard outputs.count == reference.outputs.count else {
        return .different(
          "has \(outputs.count) outputs instead of \(reference.outputs.count)", inputs: i, deviation: deviation)
      }
      for (j, (output, expected)) in zip(outputs, reference.outputs).enumerated() {
        let comparison = compare(output, expected, slack: reference.input.slack)
        deviation = max(deviation, comparison.relativeToScale)
        if let mismatch = comparison.mismatch {
          let name = graph.name(of: graph.outputs[j])
          return .different(
            "output ‘\(name)’ differs on \(reference.input.name): \(mismatch)", inputs: i + 1, deviation: deviation)
        }
      }
      accepted.append(Reference(input: reference.input, outputs: outputs))
    }
    references = accepted
    return .same(inputs: accepted.count, deviation: deviation)
  }

  private func compare(_ output: RuntimeValue, _ expected: RuntimeValue, slack: Double) -> Comparison {
    let (rtol, atol) = (options.rtol * slack, options.atol * slack)
    let comparison = Comparison(output, expected: expected, .scaled(rtol: rtol, atol: atol))
    guard comparison.mismatch != nil, comparison.scale < 1e-2 else { return comparison }
    // Where everything cancels out, rounding is all that is left.
    let absolute = Comparison(output, expected: expected, .elementwise(rtol: rtol, atol: atol * 1e-2))
    return absolute.matches ? Comparison(expected, expected: expected, .elementwise(rtol: 0, atol: 0)) : comparison
  }
}

extension RuntimeValue {
  fileprivate var isFinite: Bool {
    switch self {
    case .tensor(let tensor):
      !tensor.element.isFloatingPoint || (0..<tensor.elementCount).allSatisfy { tensor.double(at: $0).isFinite }
    case .sequence(let items, _): items.allSatisfy(\.isFinite)
    case .optional(let value, _): value?.isFinite ?? true
    case .map(let items, _, _): items.values.allSatisfy(\.isFinite)
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
