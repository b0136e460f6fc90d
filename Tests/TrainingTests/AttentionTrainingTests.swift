import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// Models with attention of every kind learn a toy set by heart.
struct AttentionTrainingTests {
  private static let (samples, steps, width) = (6, 4, 8)

  /// Queries, keys and values of one input, attention, and classes of the first position.
  private func model(
    _ attention: (inout Graph, _ q: Value, _ k: Value, _ v: Value) throws -> Value
  ) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [.symbol("N"), .fixed(Self.steps), .fixed(Self.width)]))
    func weight(_ rows: Int, _ columns: Int, _ seed: Int, _ name: String) -> Value {
      graph.constant(Tensor(noise(rows * columns, seed).map { $0 * 0.5 }, shape: [rows, columns]), name)
    }
    var parts: [Value] = []
    for (i, name) in ["q", "k", "v"].enumerated() {
      parts.append(try graph.apply(MatMul(), x, weight(Self.width, Self.width, i + 1, name)))
    }
    let y = try attention(&graph, parts[0], parts[1], parts[2])
    let flat = try graph.apply(Flatten(), y)
    graph.outputs = [try graph.apply(MatMul(), flat, weight(Self.steps * Self.width, 3, 9, "classes"))]
    return graph
  }

  private func expectLearning(_ model: Graph) throws {
    var options = TrainingOptions()
    options.optimizer = AdamWOptimizer(weightDecay: 0)
    let type = TensorType(.float32, [Self.samples, Self.steps, Self.width])
    let training = try TrainingGraph(
      model, inputs: [type], targets: [TensorType(.int64, [Self.samples])], options: options)
    #expect(Set(["q", "k", "v", "classes"]).isSubset(of: training.weightNames))
    let session = Session(Program(training.graph, threads: 2))
    let data = [
      Tensor(noise(type.elementCount!, 20), shape: type.sizes!), Tensor.integers((0..<Self.samples).map { $0 % 3 }),
    ]
    let losses = try (0..<60).map { _ in try session.run(data + [.scalar(Float(0.02))])[0].floats[0] }
    #expect(losses.allSatisfy(\.isFinite) && losses[0] > 0.3 && losses[59] < 0.05, "\(losses[0]) … \(losses[59])")
  }

  @Test func linearAttention() throws {
    var op = LinearAttention()
    (op.q_num_heads, op.kv_num_heads, op.update_rule) = (2, 2, .linear)
    try expectLearning(model { graph, q, k, v in try graph.apply(op, q, k, v) })
  }

  @Test func flexAttention() throws {
    var region = Graph()
    let scores = region.input("scores", ValueType.tensor(.float32, (0..<4).map { .symbol("d\($0)") }))
    region.outputs = [try region.apply(Tanh(), scores)]
    var op = FlexAttention()
    op.score_mod = Region(region)
    try expectLearning(
      model { graph, q, k, v in
        func heads(_ x: Value) throws -> Value {
          var transpose = Transpose()
          transpose.perm = [0, 2, 1, 3]
          return try graph.apply(
            transpose, graph.apply(Reshape(), x, graph.constant(.integers([0, Self.steps, 2, Self.width / 2]))))
        }
        return try graph.apply(op, heads(q), heads(k), heads(v))
      })
  }

  /// Every sample goes on from the same past.
  @Test func attentionWithAPast() throws {
    var op = Microsoft.MultiHeadAttention()
    (op.num_heads, op.unidirectional) = (2, true)
    try expectLearning(
      model { graph, q, k, v in
        let past = (0..<2).map { i in
          let sizes = [Self.samples, 2, 3, Self.width / 2]
          return graph.constant(Tensor(noise(sizes.reduce(1, *), 30 + i), shape: sizes), "past\(i)")
        }
        return try graph.apply(op, [q, k, v, nil, nil, nil] + past, resultCount: 3)[0]
      })
  }

  /// Queries that a mask of −∞ keeps from all keys make no NaN.
  @Test func masksOfInfinity() throws {
    var op = Attention()
    (op.q_num_heads, op.kv_num_heads) = (2, 2)
    var mask = [Float](repeating: 0, count: Self.steps * Self.steps)
    for key in 0..<Self.steps { mask[Self.steps + key] = -.infinity }
    mask[3] = -.infinity
    try expectLearning(
      model { graph, q, k, v in
        let mask = graph.constant(Tensor(mask, shape: [1, 1, Self.steps, Self.steps]), "mask")
        return try graph.apply(op, q, k, v, graph.apply(Identity(), mask))
      })
  }
}
