import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

@Suite struct LowerPrecisionTests {
  private func conv(_ channels: Int, _ filters: Int, size: Int = 3, group: Int = 1, _ g: inout Graph, _ x: Value) throws
    -> Value
  {
    var conv = NHWCConv()
    (conv.group, conv.pads) = (group, size == 3 ? [1, 1, 1, 1] : [])
    conv.activation = "Relu"
    return try g.apply(conv, x, g.weights(filters, channels / group, size, size), g.weights(filters))
  }

  /// The graph lowered, after checking that it gives nearly the same numbers and the same types.
  private func lowered(_ graph: Graph, _ pass: LowerPrecision = LowerPrecision(), tolerance: Double = 0.02) throws
    -> Graph
  {
    var copy = graph
    try pass.run(on: &copy)
    try copy.verify()
    #expect(zip(graph.inputs, copy.inputs).allSatisfy { graph.type(of: $0) == copy.type(of: $1) })
    #expect(zip(graph.outputs, copy.outputs).allSatisfy { graph.type(of: $0) == copy.type(of: $1) })
    #expect(graph.outputs.map { graph.name(of: $0) } == copy.outputs.map { copy.name(of: $0) })
    let inputs = try #require(VerificationInputs(graph).candidate([:], .random(seed: 3)))
    let (before, after) = (try Session(graph).run(inputs.values), try Session(copy, threads: 2).run(inputs.values))
    for (a, b) in zip(before, after) {
      let (x, y) = (try #require(a.tensor).floats, try #require(b.tensor).floats)
      let norm = x.reduce(0) { $0 + Double($1 * $1) }
      let difference = zip(x, y).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      #expect((difference / norm).squareRoot() < tolerance)
    }
    return copy
  }

  private func casts(_ graph: Graph) -> Int { graph.sorted().count { $0.op is Cast } }
  private func elements(_ graph: Graph) -> [String] {
    graph.sorted().map { "\($0.op.name) \(graph.tensorType(of: $0.result).element.rawValue)" }
  }

  @Test func `data between convolutions is bfloat16`() throws {
    let example = try Example { g in
      let x = try conv(3, 16, &g, g.x(1, 8, 8, 3))
      let y = try conv(16, 16, group: 16, &g, x)
      let z = try conv(
        16, 24, size: 1, &g, try g.apply(NHWCMaxPool(configured(MaxPool()) { $0.kernel_shape = [2, 2] }), y))
      return try g.apply(NHWCGlobalAveragePool(), z)
    }
    let graph = try lowered(example.graph)
    #expect(
      elements(graph) == [
        "Cast bfloat16", "NHWCConv bfloat16", "NHWCConv bfloat16", "NHWCMaxPool bfloat16", "NHWCConv bfloat16",
        "NHWCGlobalAveragePool bfloat16", "Cast float32",
      ])
  }

  @Test func `products write what is only read as float32`() throws {
    let example = try Example { g in
      let y = try conv(4, 8, &g, g.x(1, 6, 6, 4))
      return try g.apply(Exp(), y)
    }
    #expect(elements(try lowered(example.graph)) == ["Cast bfloat16", "NHWCConv float32", "Exp float32"])
  }

  @Test func `residuals, gates, splits and concatenations follow`() throws {
    let example = try Example { g in
      let x = try conv(8, 16, &g, g.x(1, 7, 7, 8))
      let parts = try g.apply(
        configured(Split()) { $0.axis = 3 }, [x, g.integers(8, 8)], resultCount: 2)
      let gate = try g.apply(Sigmoid(), g.apply(NHWCGlobalAveragePool(), parts[0]))
      let joined = try g.apply(configured(Concat()) { $0.axis = 3 }, parts[1], g.apply(Mul(), parts[0], gate))
      let y = try conv(16, 16, &g, joined)
      return try g.apply(Softsign(), g.apply(Add(), try conv(16, 16, size: 1, &g, y), joined))
    }
    let graph = try lowered(example.graph)
    #expect(casts(graph) == 2)
  }

  @Test func `what has no products stays`() throws {
    let example = try Example { g in
      try g.apply(Relu(), g.apply(Add(), g.x(1, 8, 8, 3), g.x(1, 8, 8, 3, named: "z")))
    }
    #expect(elements(try lowered(example.graph)) == ["Add float32", "Relu float32"])
  }

  @Test func `nothing goes to and fro between wide neighbours`() throws {
    // Relu sits between operators that are float32 only; following the convolution would take two conversions.
    let example = try Example { g in
      let y = try g.apply(Exp(), conv(4, 8, &g, g.x(1, 6, 6, 4)))
      let z = try g.apply(Exp(), g.apply(Neg(), y))
      return try conv(8, 8, &g, z)
    }
    let graph = try lowered(example.graph)
    #expect(casts(graph) == 2)
    #expect(elements(graph).contains("Neg float32"))
  }

  @Test func `kept nodes and small products stay`() throws {
    let example = try Example { g in
      try conv(8, 8, &g, conv(3, 8, &g, g.x(1, 8, 8, 3)))
    }
    var graph = example.graph
    for node in graph.sorted() { #expect(graph.label(of: node) == graph.name(of: node.result)) }
    let first = graph.sorted()[0]
    graph.rename(first.result, to: "first")
    #expect(
      elements(try lowered(graph, configured(LowerPrecision()) { $0.kept = ["first"] })).contains("NHWCConv float32"))
    #expect(casts(try lowered(graph, configured(LowerPrecision()) { $0.leastWork = 1 << 30 })) == 0)
  }

  @Test func `transformer layers`() throws {
    let example = try Example { g in
      let x = g.x(2, 16, 32)
      let norm = try g.apply(LayerNormalization(), x, g.weights(32), g.weights(32))
      let parts = try (0..<3).map { _ in try g.apply(Linear(), norm, g.weights(32, 32), g.weights(32)) }
      var attention = Attention()
      (attention.q_num_heads, attention.kv_num_heads) = (4, 4)
      let mask = try g.apply(Sub(), g.x(2, 1, 1, 16, named: "mask"), g.number(0.5))
      let mixed = try g.apply(attention, parts[0], parts[1], parts[2], mask)
      let y = try g.apply(Linear(), mixed, g.weights(32, 32), g.weights(32), norm)
      let gelu = configured(Linear()) { $0.activation = "Gelu" }
      let inner = try g.apply(gelu, y, g.weights(32, 64), g.weights(64))
      let outer = try g.apply(configured(Linear()) { $0.transB = true }, inner, g.weights(32, 64))
      return try g.apply(
        Microsoft.SkipLayerNormalization(), outer, y, g.weights(32), g.weights(32), g.weights(32))
    }
    let graph = try lowered(example.graph, tolerance: 0.03)
    #expect(!elements(graph).contains { $0.hasSuffix("float32") && !$0.hasPrefix("Sub") && !$0.hasPrefix("Cast") })
    #expect(casts(graph) == 2)
  }

  @Test(arguments: [true, false]) func `layers of decoders stay bfloat16 between products`(interleaved: Bool) throws {
    let example = try Example { g in
      let x = g.x(2, 6, 32)
      let norm = try g.apply(RMSNormalization(), x, g.weights(32))
      let rotary = configured(RotaryEmbedding()) { ($0.num_heads, $0.interleaved) = (4, interleaved) }
      let (cosines, sines) = (g.weights(2, 6, 4), g.weights(2, 6, 4))
      let parts = try (0..<3).map { i in
        let part = try g.apply(Linear(), norm, g.weights(32, 32))
        return i < 2 ? try g.apply(rotary, part, cosines, sines) : part
      }
      var attention = Attention()
      (attention.q_num_heads, attention.kv_num_heads, attention.is_causal) = (4, 4, true)
      let mixed = try g.apply(Linear(), g.apply(attention, parts[0], parts[1], parts[2]), g.weights(32, 32))
      let sums = try g.apply(
        Microsoft.SkipSimplifiedLayerNormalization(), [mixed, x, g.weights(32), g.weights(32)], resultCount: 4)
      let gate = try g.apply(configured(Linear()) { $0.activation = "Swish" }, sums[0], g.weights(32, 64))
      let inner = try g.apply(Mul(), gate, g.apply(Linear(), sums[0], g.weights(32, 64)))
      return try g.apply(Add(), sums[3], g.apply(Linear(), inner, g.weights(64, 32)))
    }
    let graph = try lowered(example.graph, tolerance: 0.03)
    #expect(!elements(graph).contains { $0.hasSuffix("float32") && !$0.hasPrefix("Cast") })
    #expect(casts(graph) == 2)
    #expect(graph.sorted().count { $0.op is NarrowRotaryEmbedding } == 2)
    #expect(graph.sorted().count { ($0.op as? NarrowLayerNormalization)?.root_mean_square == true } == 2)
  }
}

extension LowerPrecisionTests {
  /// An LSTM, GRU or RNN of `hidden` units between an input and a product.
  private func recurrent(_ op: any Op, gates: Int, hidden: Int) throws -> Graph {
    try Example { g in
      let scale = g.number(0.1)
      let x = g.x(5, 2, .fixed(hidden))
      func weights(_ sizes: Int...) throws -> Value {
        let numbers = Tensor((0..<sizes.reduce(1, *)).map { Float($0 * 7919 % 2003 - 1001) / 5000 }, shape: sizes)
        return g.constant(numbers)
      }
      let operands = [
        x, try weights(1, gates * hidden, hidden), try weights(1, gates * hidden, hidden),
        try weights(1, 2 * gates * hidden),
      ]
      let states = try g.apply(op, operands, resultCount: 2, named: "cell")
      let y = try g.apply(Squeeze(), states[0], g.integers(1))
      let z = try g.apply(Linear(), y, g.weights(hidden, 16))
      return try g.apply(Mul(), z, scale)
    }.graph
  }

  @Test(arguments: [(LSTM() as any Op, 4), (GRU(), 3), (RNN(), 1)])
  func `recurrent operators have their weights alone rounded`(op: any Op, gates: Int) throws {
    let graph = try lowered(recurrent(op, gates: gates, hidden: 72))
    #expect(elements(graph).prefix(2) == ["NarrowRecurrent float32", "Cast bfloat16"])
    #expect(!elements(graph).contains("\(op.name) float32"))
  }

  @Test func `recurrent operators stay where they are kept or gain nothing`() throws {
    let graph = try recurrent(LSTM(), gates: 4, hidden: 72)
    #expect(
      elements(try lowered(graph, configured(LowerPrecision()) { $0.kept = ["cell"] })).contains("LSTM float32"))
    #expect(
      elements(try lowered(graph, configured(LowerPrecision()) { $0.leastWork = 1 << 30 })).contains("LSTM float32"))
    #expect(elements(try lowered(recurrent(LSTM(), gates: 4, hidden: 8))).contains("LSTM float32"))
  }

  @Test func `the check tries recurrent operators too`() throws {
    let check = PrecisionCheck(try recurrent(LSTM(), gates: 4, hidden: 72), threads: 1)
    #expect(!check.kept.contains { $0.node == "cell" })
  }
}

@Suite struct FuseLayersTests {
  @Test func products() throws {
    try Example { g in
      let y = try g.apply(Add(), g.apply(MatMul(), g.x(2, 5, 3), g.weights(3, 4)), g.weights(4, named: "b"))
      return try g.apply(Gelu(), y)
    }.becomes(["y = Linear(x, w, b) activation: \"Gelu\""], by: FuseLayers())
    try Example { g in
      try g.apply(Add(), g.x(2, 4, named: "z"), g.apply(MatMul(), g.x(2, 3), g.weights(3, 4)))
    }.becomes(["y = Linear(x, w, –, z)"], by: FuseLayers())
    try Example { g in
      try g.apply(
        configured(Gemm()) { ($0.transB, $0.alpha) = (true, 2) }, g.x(2, 3), g.weights(4, 3), g.weights(4, named: "b"))
    }.becomes(["y = Linear(x, w, b) alpha: 2.0, transB: 1"], by: FuseLayers())
    // The weights are data.
    try Example { g in try g.apply(MatMul(), g.x(2, 3), g.x(3, 4, named: "z")) }.isLeftAlone(by: FuseLayers())
    try Example { g in try g.apply(configured(Gemm()) { $0.transA = true }, g.x(3, 2), g.weights(3, 4)) }
      .isLeftAlone(by: FuseLayers())
  }

  @Test func activations() throws {
    try Example { g in try g.apply(Swish(), g.apply(NHWCConv(), g.x(1, 4, 4, 2), g.weights(2, 2, 1, 1))) }
      .becomes(["y = NHWCConv(x, w) activation: \"Swish\""], by: FuseLayers())
    try Example { g in
      try g.apply(configured(Swish()) { $0.alpha = 2 }, g.apply(NHWCConv(), g.x(1, 4, 4, 2), g.weights(2, 2, 1, 1)))
    }.isLeftAlone(by: FuseLayers())
  }

  @Test func `global averages`() throws {
    try Example { g in
      let first = try g.apply(configured(Transpose()) { $0.perm = [0, 3, 1, 2] }, g.x(2, 4, 5, 3))
      return try g.apply(configured(ReduceMean()) { $0.keepdims = false }, first, g.integers(2, 3))
    }.becomes(["#1 = NHWCGlobalAveragePool(x)", "y = Flatten(#1)"], by: FuseLayers())
  }
}

@Suite struct PrecisionTests {
  private var model: Graph {
    get throws {
      try Example { g in
        var conv = Conv()
        conv.pads = [1, 1, 1, 1]
        let x = try g.apply(
          Relu(), g.apply(conv, g.x(.symbol("batch"), 8, 16, 16), g.weights(32, 8, 3, 3), g.weights(32)))
        let y = try g.apply(Relu(), g.apply(conv, x, g.weights(32, 32, 3, 3), g.weights(32)))
        let pooled = try g.apply(Flatten(), g.apply(GlobalAveragePool(), y))
        return try g.apply(Softmax(), g.apply(Gemm(), pooled, g.weights(32, 10)))
      }.graph
    }
  }

  @Test func `bf16 lowers, fp32 does not`() throws {
    let (narrow, wide) = (
      try Preparation(precision: .bf16).graph(model), try Preparation(precision: .fp32).graph(model)
    )
    func halves(_ graph: Graph) -> Int {
      graph.sorted().count { graph.tensorType(of: $0.result).element == .bfloat16 }
    }
    #expect(halves(narrow) > 3 && halves(wide) == 0)
    #expect(narrow.tensorType(of: narrow.outputs[0]).element == .float32)
  }

  @Test func `int8 needs a quantized model`() throws {
    #expect {
      _ = try Preparation(precision: .int8).graph(try model)
    } throws: {
      guard let error = $0 as? GraphError else { return false }
      return error.message.contains("hone quantize") && error.trail.contains("option")
    }
    #expect(throws: GraphError.self) { try Preparation(level: 1, precision: .bf16).graph(try model) }
  }

  @Test func `auto says what stays`() throws {
    let prepared = try Preparation(precision: .auto).prepare(model)
    #expect(!prepared.notes.isEmpty)
    let check = PrecisionCheck(
      try Pipeline.lowered(model), threads: 1)
    #expect(check.notes.last?.contains("softmax") ?? false)
  }

  @Test func `a product whose sums cancel fails the check`() throws {
    // w = (1, −1) pairs: what is left of neighbouring inputs' sums is lost when they are rounded.
    let graph = try Example { g in
      let large = try g.apply(Add(), g.x(64, 64), g.number(1000))
      var numbers = [Float](repeating: 0, count: 64 * 64)
      for i in 0..<64 { (numbers[i * 64 + i], numbers[(i ^ 1) * 64 + i]) = (1, -1) }
      let bad = try g.apply(Linear(), large, g.constant(Tensor(numbers, shape: [64, 64])))
      g.rename(bad, to: "bad")
      return try g.apply(Linear(), bad, g.weights(64, 64))
    }.graph
    let kept = PrecisionCheck(graph, threads: 1).kept
    #expect(kept.contains { $0.node == "bad" && $0.reason.contains("off by") })
    #expect(kept.contains { $0.node == "y" && $0.reason == "the last layer" })
  }
}

extension Pipeline {
  /// `graph` with channels last and fused layers.
  fileprivate static func lowered(_ graph: Graph) throws -> Graph {
    var copy = try Preparation().graph(graph)
    try Pipeline([FuseLayers()]).run(on: &copy)
    return copy
  }
}
