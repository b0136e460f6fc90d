import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

/// bfloat16 for models whose states go from run to run.
@Suite struct CarriedPrecisionTests {
  private static func wave(_ sizes: [Int], _ seed: Int, scale: Float = 1) -> Tensor {
    Tensor(
      (0..<sizes.reduce(1, *)).map { scale * (Float(($0 &* 7919 &+ seed &* 104_729) % 1009) / 504.5 - 1) }, shape: sizes
    )
  }

  /// ‖a − b‖ / ‖b‖
  private static func distance(_ a: [Float], _ b: [Float]) -> Double {
    let norm = b.reduce(0) { $0 + Double($1 * $1) }
    return (zip(a, b).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) } / norm).squareRoot()
  }

  private static func narrowed(_ graph: Graph) throws -> Graph {
    let prepared = try Preparation(precision: .bf16).prepare(graph)
    #expect(!prepared.notes.contains { $0.contains("stays fp32") }, "\(prepared.notes)")
    try prepared.graph.verify()
    return prepared.graph
  }

  private static func elements(of graph: Graph) -> [String: ElementType] {
    Dictionary(uniqueKeysWithValues: graph.states.map { (graph.name(of: $0), graph.tensorType(of: $0).element) })
  }

  /// The outputs of run after run, all states from the start; with `forgetful` they are reset in the middle.
  private static func outputs(
    _ session: Session, _ runs: [[Tensor]], store: StateStore, forgetting graph: Graph? = nil
  ) throws -> [[Float]] {
    try runs.enumerated().map { i, inputs in
      if i == runs.count / 2, let graph { try store.reset(to: graph) }
      return try session.run(inputs)[0].floats
    }
  }

  /// The prepared graph says what `carried` says, within bfloat16's rounding, and would not without its states.
  private static func check(_ carried: Graph, _ runs: [[Tensor]], tolerance: Double = 0.02) throws -> Graph {
    let narrow = try narrowed(carried)
    let (wideStore, store) = (StateStore(), StateStore())
    let wide = Session(try Preparation().program(carried), state: wideStore)
    let session = Session(Program(narrow, threads: 1), state: store)
    let expected = try outputs(wide, runs, store: wideStore)
    let results = try outputs(session, runs, store: store)
    for (i, (a, b)) in zip(results, expected).enumerated() { #expect(distance(a, b) < tolerance, "run \(i)") }
    #expect(results != expected)
    // From the beginning again, after a reset to the graph whose states are float32.
    try store.reset(to: carried)
    #expect(try outputs(session, runs, store: store) == results)
    // What is forgotten in the middle is missed afterwards.
    try store.reset(to: carried)
    let forgetful = try outputs(session, runs, store: store, forgetting: carried)
    #expect(forgetful.prefix(runs.count / 2) == results.prefix(runs.count / 2))
    #expect(distance(forgetful[runs.count / 2], expected[runs.count / 2]) > 2 * tolerance)
    return narrow
  }

  @Test(arguments: SmallDecoder.Attending.allCases) func `caches of keys and values are bfloat16`(
    attending: SmallDecoder.Attending
  ) throws {
    var decoder = SmallDecoder(attending)
    var graph = try decoder.graph()
    try CacheKeysAndValues(capacity: 30).run(on: &graph)
    let words = (0..<25).map { Int64(($0 * 5 + 3) % 13) }
    // A prompt of seven, then one by one.
    let ranges = [0..<7] + (7..<25).map { $0..<$0 + 1 }
    let runs = ranges.map { range in
      [
        Tensor(Array(words[range]), shape: [1, range.count]),
        Tensor([Int64](repeating: 1, count: range.count), shape: [1, range.count]),
      ]
    }
    let narrow = try Self.check(graph, runs, tolerance: 0.03)
    // Attention that is no operator reads its cache as float32.
    guard attending != .choices else { return }
    let caches = Self.elements(of: narrow).filter { $0.key.hasPrefix("past_key_values") }
    #expect(caches.count == 4 && caches.values.allSatisfy { $0 == .bfloat16 }, "\(caches)")
    let attentions = narrow.sorted().filter { $0.op is Attention }
    #expect(attentions.allSatisfy { narrow.tensorType(of: $0.result).element == .bfloat16 })
  }

  @Test func `recurrent states stay float32`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [2, 1, 32]))
    let h = g.input("h", TensorType(.float32, [1, 1, 48])), c = g.input("c", TensorType(.float32, [1, 1, 48]))
    var lstm = LSTM()
    lstm.hidden_size = 48
    let results = try g.apply(
      lstm,
      [
        x, g.constant(Self.wave([1, 192, 32], 1, scale: 0.3)), g.constant(Self.wave([1, 192, 48], 2, scale: 0.2)), nil,
        nil, h, c,
      ], resultCount: 3, resultNames: ["y", "hn", "cn"])
    g.outputs = results
    try CarryState(CarriedPair.named(in: g)).run(on: &g)
    let narrow = try Self.check(g, (0..<20).map { [Self.wave([2, 1, 32], $0 + 5)] })
    #expect(narrow.sorted().contains { $0.op is NarrowRecurrent })
    #expect(Self.elements(of: narrow) == ["h": .float32, "c": .float32])
  }

  /// y = x·W, and s = s + y / 4096 of which every step is less than bfloat16 could add to it.
  @Test func `sums over runs are float32`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 16])), sum = g.input("sum", TensorType(.float32, [1, 16]))
    let product = try g.apply(Linear(), x, g.constant(Self.wave([16, 16], 3)))
    let next = try g.apply(Add(), sum, g.apply(Mul(), g.apply(Abs(), product), g.constant(.scalar(Float(0x1p-12)))))
    g.outputs = [try g.apply(Linear(), next, g.constant(Self.wave([16, 16], 4))), next]
    g.rename(g.outputs[0], to: "y")
    g.rename(next, to: "sum_out")
    try CarryState(
      [CarriedPair(output: "sum_out", input: "sum")], keepsOutputs: true
    ).run(on: &g, initial: ["sum": Tensor([Float](repeating: 1, count: 16), shape: [1, 16])])
    let narrow = try Self.narrowed(g)
    #expect(Self.elements(of: narrow) == ["sum": .float32])
    let (wide, session) = (Session(g), Session(narrow))
    var (a, b): ([Float], [Float]) = ([], [])
    for i in 0..<64 {
      let x = Self.wave([1, 16], i)
      (a, b) = (try wide.run([x])[1].floats, try session.run([x])[1].floats)
    }
    let grown = a.map { $0 - 1 }
    #expect(Self.distance(b.map { $0 - 1 }, grown) < 0.01 && grown.allSatisfy { $0 > 0x1p-8 })
  }

  /// The last rows that a convolution has seen come before the new ones; they are moved on and never computed with.
  @Test func `delay lines are bfloat16`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 2, 16, 8]))
    let line = g.input("line", TensorType(.float32, [1, 4, 16, 16]))
    var first = NHWCConv()
    first.activation = "Relu"
    let seen = try g.apply(first, x, g.constant(Self.wave([16, 8, 1, 1], 1)))
    var concat = Concat()
    concat.axis = 1
    let all = try g.apply(concat, line, seen)
    let y = try g.apply(NHWCConv(), all, g.constant(Self.wave([8, 16, 5, 3], 2, scale: 0.2)))
    let next = try g.apply(
      Slice(), all, g.constant(.integers([2])), g.constant(.integers([6])), g.constant(.integers([1])))
    g.outputs = [y, next]
    g.rename(y, to: "y")
    g.rename(next, to: "line_out")
    try CarryState([CarriedPair(output: "line_out", input: "line")]).run(on: &g)
    let narrow = try Self.check(g, (0..<16).map { [Self.wave([1, 2, 16, 8], $0 + 3)] })
    #expect(Self.elements(of: narrow) == ["line": .bfloat16])
  }

  @Test func `the check of what may be narrow runs with states`() throws {
    var decoder = SmallDecoder(.products)
    var graph = try decoder.graph()
    try CacheKeysAndValues(capacity: 16).run(on: &graph)
    let lowered = try Preparation().graph(graph)
    let check = PrecisionCheck(lowered, threads: 1, leastWork: 0)
    // Nothing but the last product is found wanting.
    #expect(check.kept.count == 1 && check.kept[0].reason == "the last layer", "\(check.notes)")
    var pass = LowerPrecision()
    pass.kept = check.kept.map(\.node)
    var narrow = lowered
    try pass.run(on: &narrow)
    #expect(Self.elements(of: narrow)["past_key_values.0.key"] == .bfloat16)
  }
}
