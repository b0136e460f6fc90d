import HoneIR
import HoneOperators
import HoneRuntime

/// Tries the bfloat16 form of each product on the data that reaches it, and finds those that had better stay float32.
struct PrecisionCheck {
  /// Products of fewer multiply-adds gain nothing of their own.
  static let leastWork = 1 << 16
  /// The share of its norm by which a node's result may be off. Rounding operands to bfloat16 alone makes about 0.003.
  private static let tolerance = 0.02

  struct Kept {
    var node: String
    var reason: String
  }
  private(set) var kept: [Kept] = []
  private(set) var notes: [String] = []

  init(_ graph: Graph, threads: Int, leastWork: Int = leastWork) {
    let products = graph.sorted().filter { (NarrowForm($0, in: graph)?.work ?? 0) > 0 }
    let (lasts, others) = (products.filter(graph.isLastLayer), products.filter { !graph.isLastLayer($0) })
    kept = lasts.map { Kept(node: graph.label(of: $0), reason: "the last layer") }
    let large = others.filter { NarrowForm($0, in: graph)!.work >= leastWork }
    let small = others.count - large.count
    kept += failures(graph, large, threads)
    notes = kept.map { "‘\($0.node)’ stays fp32: \($0.reason)" }
    if small > 0 { notes.append("\(small) products of few multiply-adds go with their neighbours") }
    notes.append("sums, biases, softmax and statistics of normalizations are fp32 everywhere")
  }

  private func failures(_ graph: Graph, _ nodes: [Node], _ threads: Int) -> [Kept] {
    var observed = graph
    var values: [Value] = []
    let states = Set(graph.states)
    for node in nodes {
      for value in node.operands.compactMap({ $0 }) + [node.result]
      where graph.constant(value) == nil && !states.contains(value) && !values.contains(value) {
        values.append(value)
      }
    }
    observed.outputs = values
    guard !values.isEmpty, let known = Self.sample(observed, threads) else { return [] }
    return nodes.compactMap { node in
      guard let form = NarrowForm(node, in: graph), let expected = known[node.result] else { return nil }
      let operands = form.operands.enumerated().map { i, operand -> Tensor? in
        guard let operand, let tensor = graph.constant(operand) ?? known[operand] else { return nil }
        return form.data.contains(i) ? tensor.bfloat16 : tensor
      }
      let results = try? Interpreter.evaluate(form.op, operands, resultCount: form.results.count)
      guard let result = results?.first else { return nil }
      let error = Self.distance(result, expected)
      guard !(error <= Self.tolerance) else { return nil }
      let share = (error * 1000).rounded() / 10
      return Kept(node: graph.label(of: node), reason: "in bfloat16 its result is off by \(share) %")
    }
  }

  /// The outputs for inputs that the graph takes, and the states that they are made from; nil if none is found.
  private static func sample(_ graph: Graph, _ threads: Int) -> [Value: Tensor]? {
    let inputs = VerificationInputs(graph)
    let states = graph.states
    for binding in inputs.bindings {
      guard let candidate = inputs.candidate(binding, .random(seed: 1)) else { continue }
      let store = StateStore()
      let session = Session(graph, threads: threads, state: store)
      // States hold something from the second run on, and what they became with it from the third.
      for _ in 0..<(states.isEmpty ? 0 : 2) { _ = try? session.run(candidate.values) }
      var known: [Value: Tensor] = [:]
      for state in states { known[state] = store[graph.name(of: state)] }
      guard let outputs = try? session.run(candidate.values) else { continue }
      for (value, output) in zip(graph.outputs, outputs) {
        guard let tensor = output.tensor else { return nil }
        known[value] = tensor
      }
      return known
    }
    return nil
  }

  /// ‖x − y‖ / ‖y‖
  private static func distance(_ x: Tensor, _ y: Tensor) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(x.floats, y.floats) {
      difference += Double(a - b) * Double(a - b)
      norm += Double(b) * Double(b)
    }
    return norm > 0 ? (difference / norm).squareRoot() : difference
  }
}

extension Graph {
  /// Nothing but operators without products stands between `node` and an output.
  fileprivate func isLastLayer(_ node: Node) -> Bool {
    var seen = Set<Node.ID>()
    var queue = [node]
    var reachesOutput = false
    while let next = queue.popLast() {
      for value in next.results {
        if isOutput(value) { reachesOutput = true }
        for user in users(of: value) where seen.insert(user.id).inserted {
          if let form = NarrowForm(user, in: self), form.work > 0 { return false }
          queue.append(user)
        }
      }
    }
    return reachesOutput
  }
}
