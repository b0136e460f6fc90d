import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

/// Products of the same rows, and the attention that reads their results in place.
@Suite struct JoinProductsTests {
  /// An attention of 6 heads over products of `x` `[batch, length, 24]` with matrices of `widths` columns.
  private struct Layer {
    var widths = [24, 24, 24]
    var keyHeads = 6
    var transB = false
    var biased: Set<Int> = [0, 1, 2]
    /// Keys and values are products of another input.
    var crosses = false

    func graph(_ more: (inout Graph, [Value]) throws -> Value? = { _, _ in nil }) throws -> Graph {
      try Example { g in
        let x = g.x(.symbol("batch"), .symbol("length"), 24),
          z = crosses ? g.x(.symbol("batch"), .symbol("others"), 24, named: "z") : x
        let parts = try widths.indices.map { i in
          var linear = Linear()
          linear.transB = transB
          let weights = Self.weights(&g, transB ? [widths[i], 24] : [24, widths[i]], seed: i)
          let operands =
            [i == 0 ? x : z, weights] + (biased.contains(i) ? [Self.weights(&g, [widths[i]], seed: i)] : [])
          return try g.apply(linear, operands, resultCount: 1)[0]
        }
        if let other = try more(&g, parts) { return other }
        return try g.apply(attention, parts[0], parts[1], parts[2])
      }.graph
    }

    private static func weights(_ g: inout Graph, _ sizes: [Int], seed: Int) -> Value {
      var numbers = RandomNumbers(seed: UInt64(seed + 1))
      return g.constant(Tensor((0..<sizes.reduce(1, *)).map { _ in Float(numbers.normal()) * 0.5 }, shape: sizes))
    }

    var attention: Attention {
      var attention = Attention()
      (attention.q_num_heads, attention.kv_num_heads) = (6, keyHeads)
      return attention
    }
  }

  private func names(_ graph: Graph) -> [String] { graph.sorted().map(\.op.name) }

  /// `graph` after the pass, which must change what it gives by no more than rounding.
  @discardableResult
  private func joined(_ graph: Graph, sourceLocation: SourceLocation = #_sourceLocation) throws -> Graph {
    var result = graph
    try JoinProducts().run(on: &result)
    try result.verify()
    for (batch, length) in [(1, 1), (2, 7), (3, 130)] {
      let sizes = ["batch": batch, "length": length, "others": length + 5]
      let inputs = try #require(VerificationInputs(graph).candidate(sizes, .random(seed: 3))).values
      for threads in 1...2 {
        let expected = try Session(graph, threads: threads).run(inputs)
        let outputs = try Session(result, threads: threads).run(inputs)
        for (a, b) in zip(outputs, expected) {
          let comparison = Comparison(a, expected: b, .scaled(rtol: 1e-5, atol: 1e-6))
          #expect(
            comparison.mismatch == nil, "\(batch) × \(length), \(threads) threads", sourceLocation: sourceLocation)
        }
      }
    }
    return result
  }

  @Test(arguments: [false, true], [[], [0, 1, 2], [0, 2]])
  func `queries, keys and values of one input are one product`(transB: Bool, biased: Set<Int>) throws {
    let graph = try joined(Layer(transB: transB, biased: biased).graph())
    #expect(names(graph) == ["Linear", "JointAttention"])
    let linear = graph.sorted()[0]
    #expect((linear.operands.count > 2 && linear.operands[2] != nil) == !biased.isEmpty)
    #expect(linear.operands.count == 6)
  }

  @Test func `fewer heads of keys, and values of another width`() throws {
    let graph = try joined(Layer(widths: [24, 8, 14], keyHeads: 2).graph())
    #expect(names(graph) == ["Linear", "JointAttention"])
    let joint = try #require(graph.sorted()[1].op as? JointAttention)
    #expect(joint.columns == [0, 24, 32] && joint.head_sizes == [4, 7])
  }

  @Test func `keys and values of another input are a product of their own`() throws {
    let graph = try joined(Layer(crosses: true).graph())
    #expect(names(graph) == ["Linear", "Linear", "JointAttention"])
  }

  @Test func `masks and the hidden future`() throws {
    for isCausal in [true, false] {
      let layer = Layer()
      let graph = try layer.graph { g, parts in
        var attention = layer.attention
        attention.is_causal = isCausal
        let mask =
          isCausal
          ? nil : try g.apply(Sub(), g.x(.symbol("batch"), 1, 1, .symbol("length"), named: "mask"), g.number(0.5))
        return try g.apply(attention, [parts[0], parts[1], parts[2], mask], resultCount: 1)[0]
      }
      #expect(names(try joined(graph)).filter { $0 != "Sub" } == ["Linear", "JointAttention"])
    }
  }

  @Test func `what a split takes apart is read where it lies`() throws {
    let layer = Layer(widths: [72], biased: [0])
    let graph = try layer.graph { g, parts in
      var split = Split()
      (split.axis, split.num_outputs) = (-1, 3)
      let thirds = try g.apply(split, parts, resultCount: 3)
      return try g.apply(layer.attention, thirds[0], thirds[1], thirds[2])
    }
    #expect(names(try joined(graph)) == ["Linear", "JointAttention"])
  }

  @Test func `the same holds for bfloat16`() throws {
    var graph = try Layer().graph()
    try LowerPrecision().run(on: &graph)
    #expect(names(graph).filter { $0 == "Linear" }.count == 3)
    #expect(
      names(try joined(graph)).filter { $0 == "Linear" || $0.hasSuffix("Attention") } == ["Linear", "JointAttention"])
  }

  @Test func `and for rows without padding`() throws {
    let graph = try PaddedEncoder().graph()
    let prepared = try Preparation(ragged: "attention_mask").graph(graph)
    let attentions = prepared.sorted().compactMap { $0.op as? RaggedAttention }
    #expect(attentions.count == 2 && attentions.allSatisfy { $0.columns == [0, 12, 24] && $0.head_sizes == [6, 6] })
  }

  @Test func `a result that somebody else reads is not joined`() throws {
    let layer = Layer()
    let graph = try layer.graph { g, parts in
      let y = try g.apply(layer.attention, parts[0], parts[1], parts[2])
      return try g.apply(Add(), y, parts[1])
    }
    // The queries and values still are.
    #expect(names(try joined(graph)).sorted() == ["Add", "JointAttention", "Linear", "Linear"])
  }

  @Test func `nothing is joined where columns would be copied`() throws {
    let layer = Layer()
    let graphs = [
      // Heads as an axis of their own.
      try layer.graph { g, parts in
        let heads = try parts.map { part in
          let split = try g.apply(Reshape(), part, g.integers(0, 0, 6, 4))
          return try g.apply(configured(Transpose()) { $0.perm = [0, 2, 1, 3] }, split)
        }
        return try g.apply(Attention(), heads[0], heads[1], heads[2])
      },
      // Products that nothing but arithmetic reads.
      try layer.graph { g, parts in try g.apply(Mul(), g.apply(Sigmoid(), parts[0]), parts[1]) },
      // Keys and values that come with those of earlier positions.
      try layer.graph { g, parts in
        let past = (0..<2).map { i in g.x(.symbol("batch"), 6, 3, 4, named: "past\(i)") }
        return try g.apply(layer.attention, [parts[0], parts[1], parts[2], nil, past[0], past[1]], resultCount: 1)[0]
      },
    ]
    for graph in graphs { #expect(names(try joined(graph)) == names(graph)) }
  }

  @Test func `weights of the joint product are packed where they lie`() throws {
    let graph = try Layer().graph()
    let result = try joined(graph)
    let weights = result.sorted()[0].operands.enumerated().filter { $0.offset == 1 || $0.offset > 3 }
    let sources = graph.sorted().compactMap { $0.op is Linear ? graph.constant($0.operands[1])?.identity : nil }
    #expect(weights.map { result.constant($0.element)?.identity } == sources)
  }
}
