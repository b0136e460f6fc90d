import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

@Suite struct CarryStateTests {
  /// An LSTM over [steps, 1, 3] with 5 hidden units, its states in and out.
  private static func recurrent() throws -> Graph {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("T"), .symbol("batch"), 3]))
    let h = g.input("initial_h", TensorType(.float32, [1, .symbol("batch"), 5]))
    let c = g.input("initial_c", TensorType(.float32, [1, .symbol("batch"), 5]))
    func wave(_ sizes: [Int]) -> Tensor {
      Tensor((0..<sizes.reduce(1, *)).map { Float(($0 * 37) % 23) / 23 - 0.5 }, shape: sizes)
    }
    var lstm = LSTM()
    lstm.hidden_size = 5
    g.outputs = try g.apply(
      lstm, [x, g.constant(wave([1, 20, 3])), g.constant(wave([1, 20, 5])), nil, nil, h, c], resultCount: 3,
      resultNames: ["Y", "Y_h", "Y_c"])
    return g
  }
  private static let pairs = [
    CarriedPair(output: "Y_h", input: "initial_h"), CarriedPair(output: "Y_c", input: "initial_c"),
  ]
  private static func sequence(_ count: Int) -> Tensor {
    Tensor((0..<count * 3).map { Float(($0 * 29) % 17) / 9 - 1 }, shape: [count, 1, 3])
  }

  @Test(arguments: [0, 3]) func `chunks give what the whole sequence gives`(level: Int) throws {
    let graph = try Self.recurrent()
    let zero = Tensor.zeros(TensorType(.float32, [1, 1, 5]))
    let whole = try Session(graph).run([Self.sequence(12), zero, zero])

    var carried = graph
    try CarryState(Self.pairs, binding: ["batch": 1]).run(on: &carried)
    #expect(carried.inputs.count == 1 && carried.outputs.count == 1)
    let store = StateStore()
    let session = Session(try Preparation(level: level).program(carried), state: store)
    for _ in 0..<2 {
      var outputs: [Float] = []
      for first in [0, 5, 6] {
        let last = first == 0 ? 5 : first == 5 ? 6 : 12
        let chunk = Tensor(Array(Self.sequence(12).floats[first * 3..<last * 3]), shape: [last - first, 1, 3])
        outputs += try session.run([chunk])[0].floats
      }
      let expected = whole[0].floats
      #expect(zip(outputs, expected).allSatisfy { abs($0 - $1) < 1e-6 } && outputs.count == expected.count)
      #expect(store["initial_h"]?.floats == Array(outputs.suffix(5)))
      try store.reset(to: carried)
    }
    #expect(store["initial_h"] == zero)
  }

  @Test func `states can be given and kept as outputs`() throws {
    let graph = try Self.recurrent()
    let given = Tensor([0.1, -0.2, 0.3, 0.4, 0.5] as [Float], shape: [1, 1, 5])
    var carried = graph
    try CarryState(Self.pairs, binding: ["batch": 1], keepsOutputs: true).run(
      on: &carried, initial: ["initial_h": given])
    #expect(carried.outputs.count == 3)
    let zero = Tensor.zeros(TensorType(.float32, [1, 1, 5]))
    let expected = try Session(graph).run([Self.sequence(2), given, zero])
    #expect(try Session(carried).run([Self.sequence(2)]) == expected)
  }

  /// y = x + a, a′ = b, b′ = y, and what a was: a delay of two runs whose states move on without any arithmetic.
  @Test func `states that become each other move together`() throws {
    var g = Graph()
    let type = TensorType(.float32, [2])
    let (x, a, b) = (g.input("x", type), g.input("a", type), g.input("b", type))
    let y = try g.apply(Add(), x, a)
    let a1 = try g.apply(Identity(), b), b1 = try g.apply(Identity(), y), seen = try g.apply(Identity(), a)
    for (value, name) in [(y, "y"), (a1, "a_next"), (b1, "b_next"), (seen, "seen")] { g.rename(value, to: name) }
    g.outputs = [y, a1, b1, seen]
    try CarryState(CarriedPair.named(in: g)).run(on: &g)
    #expect(g.outputs.map { g.name(of: $0) } == ["y", "seen"])
    for level in [0, 3] {
      let session = Session(try Preparation(level: level).program(g))
      var results: [[Float]] = []
      for i in 1...5 { results.append(try session.run([Tensor([Float(i), 0], shape: [2])]).map { $0.floats[0] }) }
      #expect(results == [[1, 0], [2, 0], [4, 1], [6, 2], [9, 4]])
    }
  }

  @Test func `an input that becomes the state itself is kept`() throws {
    var g = Graph()
    let type = TensorType(.float32, [1])
    let (x, last) = (g.input("x", type), g.input("last", type))
    g.outputs = [try g.apply(Sub(), x, last), x]
    g.rename(g.outputs[0], to: "difference")
    try CarryState([CarriedPair(output: "x", input: "last")]).run(on: &g)
    let session = Session(g)
    let results = try [3, 5, 4].map { try session.run([Tensor([Float($0)], shape: [1])])[0].floats[0] }
    #expect(results == [3, 2, -1])
  }

  /// The count of positive elements so far, where the sizes inside depend on data.
  @Test func `states move on at the end of runs in several rounds`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [4])), total = g.input("total", TensorType(.int64, []))
    let places = try g.apply(NonZero(), g.apply(Relu(), x))
    let count = try g.apply(Gather(), g.apply(Shape(), places), g.constant(.scalar(Int64(1))))
    let next = try g.apply(Add(), total, count)
    g.rename(next, to: "next_total")
    g.outputs = [places, next, try g.apply(Identity(), total)]
    g.rename(g.outputs[0], to: "places")
    g.rename(g.outputs[2], to: "before")
    try CarryState(CarriedPair.named(in: g)).run(on: &g)
    let store = StateStore()
    let session = Session(g, state: store)
    var before: [Int] = []
    for values in [[1, -1, 2, 3], [-1, -1, 1, -1], [1, 1, 1, 1]] as [[Float]] {
      before.append(try session.run([Tensor(values, shape: [4])])[1].integer(at: 0))
    }
    #expect(before == [0, 3, 4])
    #expect(store["total"]?.integer(at: 0) == 8)
  }

  @Test func `names, types and sizes that do not fit are refused`() throws {
    func message(_ pairs: [CarriedPair], binding: [String: Int] = ["batch": 1]) throws -> String {
      var graph = try Self.recurrent()
      let error = #expect(throws: GraphError.self) { try CarryState(pairs, binding: binding).run(on: &graph) }
      return error?.description ?? ""
    }
    #expect(
      try message([CarriedPair(output: "Z", input: "initial_h")]).contains("there is no output ‘Z’; there is Y, Y_h"))
    #expect(try message([CarriedPair(output: "Y_h", input: "z")]).contains("there is no input ‘z’"))
    #expect(try message([CarriedPair(output: "Y", input: "initial_h")]).contains("‘Y’ is float32[T×1×1×5]"))
    #expect(try message(Self.pairs, binding: [:]).contains("bind batch"))
    let twice = Self.pairs + [CarriedPair(output: "Y_c", input: "initial_h")]
    #expect(try message(twice).contains("‘initial_h’ is carried twice"))
  }

  @Test func `pairs are found by their names`() throws {
    #expect(try CarriedPair.named(in: Self.recurrent()) == Self.pairs)
    func pairs(_ inputs: [String], _ outputs: [String]) throws -> [CarriedPair] {
      var g = Graph()
      let type = TensorType(.float32, [1, 4, .symbol("n"), 8])
      for name in inputs { _ = g.input(name, type) }
      for name in outputs {
        let value = try g.apply(Relu(), g.inputs[0])
        g.rename(value, to: name)
        g.outputs.append(value)
      }
      return CarriedPair.named(in: g)
    }
    let cache = try pairs(
      ["x", "past_key_values.0.key", "past_key_values.0.value"], ["y", "present.0.value", "present.0.key"])
    #expect(cache.map(\.output) == ["present.0.key", "present.0.value"])
    #expect(
      try pairs(["x", "past_0", "past_1"], ["y", "present_1", "present_0"]).map(\.output) == ["present_0", "present_1"])
    #expect(
      try pairs(["input", "h", "c", "state"], ["output", "hn", "cn", "stateN"]).map(\.output) == ["hn", "cn", "stateN"])
    #expect(try pairs(["mix", "conv_cache"], ["enh", "conv_cache_out"]).map(\.input) == ["conv_cache"])
    #expect(try pairs(["input", "x"], ["output", "y"]).isEmpty)
  }
}
