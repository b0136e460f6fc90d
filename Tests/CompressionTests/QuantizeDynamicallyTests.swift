import HoneCompression
import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

@Suite struct QuantizeDynamicallyTests {
  /// A bidirectional LSTM and a product of its last states.
  private func network(layout: Int = 0, direction: RecurrentDirection = .bidirectional) throws -> Graph {
    let (steps, batch, inputs, hidden) = (7, 2, 12, 24)
    let directions = direction == .bidirectional ? 2 : 1
    var g = Graph()
    func weights(_ sizes: [Int], _ name: String) -> Value {
      let count = sizes.reduce(1, *)
      return g.constant(
        Tensor((0..<count).map { Float($0 * 7919 % 2003 - 1001) / 4000 * Float(1 + $0 * 3 / count) }, shape: sizes),
        name)
    }
    let x = g.input("x", TensorType(.float32, layout == 0 ? [steps, batch, inputs] : [batch, steps, inputs]))
    var lstm = LSTM()
    (lstm.direction, lstm.layout, lstm.hidden_size) = (direction, layout, hidden)
    let states = try g.apply(
      lstm,
      [
        x, weights([directions, 4 * hidden, inputs], "W"), weights([directions, 4 * hidden, hidden], "R"),
        weights([directions, 8 * hidden], "B"),
      ], resultCount: 3, named: "lstm")
    let flat = try g.apply(Flatten(), states[1])
    let depth = (layout == 0 ? batch : directions) * hidden
    let y = try g.apply(MatMul(), flat, weights([depth, 5], "V"), named: "fc")
    g.outputs = [states[0], states[2], y]
    for (output, name) in zip(g.outputs, ["states", "cell", "y"]) { g.rename(output, to: name) }
    return g
  }

  private func input(_ graph: Graph) -> Tensor {
    let sizes = graph.tensorType(of: graph.inputs[0]).sizes!
    return Tensor((0..<sizes.reduce(1, *)).map { Float($0 * 104_729 % 2001 - 1000) / 700 }, shape: sizes)
  }

  @Test(arguments: [true, false], [RecurrentDirection.forward, .bidirectional])
  func `LSTM takes bytes for weights and stays close`(perChannel: Bool, direction: RecurrentDirection) throws {
    let graph = try network(direction: direction)
    var dynamic = graph
    var pass = QuantizeDynamically()
    pass.per_channel = perChannel
    #expect(try pass.apply(to: &dynamic) == 2)
    try dynamic.verify()
    #expect(dynamic.outputs.map { dynamic.name(of: $0) } == ["states", "cell", "y"])
    let lstm = try #require(dynamic.sorted().first { $0.op is Microsoft.DynamicQuantizeLSTM })
    #expect(lstm.name == "lstm" && !dynamic.sorted().contains { $0.op is LSTM })
    let directions = direction == .bidirectional ? 2 : 1
    #expect(dynamic.constant(lstm.operands[1])?.type == TensorType(.int8, [directions, 12, 96]))
    #expect(dynamic.constant(lstm.operands[2])?.type == TensorType(.int8, [directions, 24, 96]))
    #expect(dynamic.constant(lstm.operands[8])?.sizes == (perChannel ? [directions, 96] : [directions]))
    let x = input(graph)
    for level in [0, 3] {
      let expected = try Session(graph).run([x])
      let got = try Session(try Preparation(level: level).graph(dynamic)).run([x])
      for (a, b) in zip(got, expected) {
        let scale = b.floats.map(abs).max()!
        for (p, q) in zip(a.floats, b.floats) { #expect(abs(p - q) < 0.03 * scale) }
      }
    }
  }

  @Test(arguments: [true, false], [1, 3])
  func `GRU and RNN get their weights from bytes`(perChannel: Bool, gates: Int) throws {
    let (inputs, hidden) = (12, 24)
    var g = Graph()
    func weights(_ sizes: [Int], _ name: String) -> Value {
      let count = sizes.reduce(1, *)
      return g.constant(Tensor((0..<count).map { Float($0 * 7919 % 2003 - 1001) / 4000 }, shape: sizes), name)
    }
    let x = g.input("x", TensorType(.float32, [7, 2, .fixed(inputs)]))
    let op: any Op = gates == 3 ? GRU() : RNN()
    let operands = [x, weights([1, gates * hidden, inputs], "W"), weights([1, gates * hidden, hidden], "R")]
    g.outputs = try g.apply(op, operands, resultCount: 2, named: "cell")
    var dynamic = g
    var pass = QuantizeDynamically()
    pass.per_channel = perChannel
    #expect(try pass.apply(to: &dynamic) == 1)
    try dynamic.verify()
    let dequantized = dynamic.sorted().filter { $0.op is DequantizeLinear }
    #expect(dequantized.map { dynamic.constant($0.operands[0])?.element } == [.int8, .int8])
    #expect(
      dequantized.allSatisfy { dynamic.constant($0.operands[1])?.elementCount == (perChannel ? gates * hidden : 1) })
    let expected = try Session(g).run([input(g)])
    for level in [0, 3] {
      let got = try Session(try Preparation(level: level).graph(dynamic)).run([input(g)])
      for (a, b) in zip(got, expected) {
        let scale = b.floats.map(abs).max()!
        for (p, q) in zip(a.floats, b.floats) { #expect(abs(p - q) < 0.03 * scale) }
      }
    }
  }

  @Test func `what has no such form stays`() throws {
    var batchFirst = try network(layout: 1, direction: .forward)
    #expect(try QuantizeDynamically().apply(to: &batchFirst) == 1)
    #expect(batchFirst.sorted().contains { $0.op is LSTM })
    var excluded = try network()
    var pass = QuantizeDynamically()
    pass.nodes_to_exclude = ["lstm"]
    #expect(try pass.apply(to: &excluded) == 1)
    #expect(excluded.sorted().contains { $0.op is LSTM })
  }
}
