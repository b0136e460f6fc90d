import HoneIR
import HoneOperators
import Testing

@testable import HoneTransforms

/// Has a rule that is right and one that is wrong.
struct HalfWrong: RewritePass {
  var rewrites: [Rewrite] {
    [
      .rules([
        Rule("−(−x) → x", on: Neg.self) { (_, node, graph) in
          graph.producer(of: node.operands[0], as: Neg.self)?.node.operands[0]
        },
        Rule("tanh → sigmoid", on: Tanh.self) { (_, node, graph) throws(GraphError) in
          try graph.apply(Sigmoid(), [node.operands[0]], insteadOf: node)
        },
      ])
    ]
  }
}

/// Makes a graph that cannot be.
struct Breaking: RewritePass {
  var rewrites: [Rewrite] {
    [.step("break") { (graph: inout Graph) throws(GraphError) in throw GraphError(.invariant, "broken on purpose") }]
  }
}

@Suite struct VerifiedPipelineTests {
  private func graph() throws -> Graph {
    try Example { g in
      let x = g.x(.symbol("n"), 3)
      return try g.apply(Add(), g.apply(Neg(), g.apply(Neg(), g.apply(Abs(), x))), g.apply(Tanh(), x))
    }.graph
  }

  @Test func oneBadRuleDoesNotCostTheOthers() throws {
    var graph = try graph()
    let report = try VerifiedPipeline([Pipeline([HalfWrong()], rounds: 4)]).run(on: &graph)
    #expect(Example.lines(graph) == ["#1 = Abs(x)", "#2 = Tanh(x)", "y = Add(#1, #2)"])
    #expect(report.rules == ["−(−x) → x": 1])
    #expect(report.rolledBack.map(\.name) == ["HalfWrong", "HalfWrong: tanh → sigmoid"])
    #expect(report.rolledBack[1].rolledBack?.hasPrefix("output ‘y’ differs on random") ?? false)
    #expect(report.rolledBack[1].maximumDeviation > 0.1)
    #expect(report.nodesBefore == 5 && report.nodesAfter == 3)
  }

  @Test func failuresAreReported() throws {
    var graph = try graph()
    let before = graph.description
    let report = try VerifiedPipeline([Pipeline([Breaking()])]).run(on: &graph)
    #expect(graph.description == before)
    #expect(report.rolledBack.map(\.rolledBack) == ["broken on purpose", "broken on purpose"])
  }

  @Test func nothingIsKeptThatCannotBeChecked() throws {
    var graph = try Example { g in
      let rows = g.x(4, .symbol("n"), element: .int64)
      // No index of the edge cases or the random ones lies inside.
      let far = try g.apply(Add(), rows, g.constant(.scalar(Int64(1000))))
      return try g.apply(Neg(), g.apply(Neg(), g.apply(Gather(), g.weights(3, 2), far)))
    }.graph
    let before = graph.description
    let report = try VerifiedPipeline([Pipeline([HalfWrong()])]).run(on: &graph)
    #expect(graph.description == before)
    #expect(report.notes.first?.hasPrefix("not verified by execution") ?? false)
    var trusting = VerifiedPipeline([Pipeline([HalfWrong()])])
    trusting.acceptsUnverified = true
    #expect(try trusting.run(on: &graph).rules == ["−(−x) → x": 1])
  }

  @Test func inputsOfTheOriginalThatFailAreCounted() throws {
    var graph = try Example { g in
      let x = g.x(2)
      return try g.apply(Neg(), g.apply(Neg(), g.apply(Log(), x)))
    }.graph
    let report = try VerifiedPipeline([Pipeline([HalfWrong()])]).run(on: &graph)
    #expect(report.skippedInputCount > 0 && report.inputCount > 0)
    #expect(report.rules == ["−(−x) → x": 1])
  }

  @Test func levels() throws {
    let build = { (g: inout Graph) throws -> Value in
      let conv = configured(Conv()) { $0.kernel_shape = [1, 1] }
      return try g.apply(Relu(), g.apply(Identity(), g.apply(conv, g.x(1, 2, 4, 4), g.weights(2, 2, 1, 1))))
    }
    let wanted: [OptimizationLevel: [String]] = [
      .none: ["Conv", "Identity", "Relu"], .basic: ["Conv", "Relu"], .extended: ["FusedConv"], .all: ["FusedConv"],
    ]
    for (level, operators) in wanted {
      var graph = try Example(build).graph
      _ = try VerifiedPipeline(level).run(on: &graph)
      #expect(graph.sorted().map(\.op.name) == operators)
    }
  }
}
