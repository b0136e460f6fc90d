import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct StateStoreTests {
  /// count′ = count + 1, from 5.
  private static func counter(_ sizes: [Int] = []) throws -> Graph {
    var g = Graph()
    let five = Tensor([Int64](repeating: 5, count: sizes.reduce(1, *)), shape: sizes)
    let count = g.state("count", initial: five)
    g.update(count, to: try g.apply(Add(), count, g.constant(.scalar(Int64(1)))))
    g.outputs = [try g.apply(Neg(), count)]
    return g
  }

  @Test func `states go on, are set and begin anew`() throws {
    let (graph, store) = (try Self.counter(), StateStore())
    let bound = try BoundSession(Program(graph), inputs: [], state: store)
    var seen: [Int] = []
    func run() throws {
      try bound.run()
      seen.append(bound.output(0).integer(at: 0))
    }
    for _ in 0..<3 { try run() }
    store.set("count", to: .scalar(Int64(40)))
    try run()
    try store.reset(to: graph)
    #expect(store["count"] == .scalar(Int64(5)))
    for _ in 0..<2 { try run() }
    #expect(seen == [-5, -6, -7, -40, -5, -6])
  }

  /// s′ = s + s, kept as bfloat16 from 1.
  private static func doubling() throws -> Graph {
    var g = Graph()
    let s = g.state("s", initial: Tensor([BFloat16(1), BFloat16(1)], shape: [2]))
    let next = try g.apply(Add(), s, s)
    g.update(s, to: next)
    g.outputs = [try g.apply(Cast(to: .float32), next)]
    return g
  }

  @Test func `states kept as bfloat16 take float32`() throws {
    let (graph, store) = (try Self.doubling(), StateStore())
    store.set("s", to: Tensor([1.003, -2] as [Float], shape: [2]))
    let session = Session(graph, state: store)
    #expect(try session.run([] as [Tensor])[0].floats == [2, -4])
    #expect(store.type(of: "s") == TensorType(.bfloat16, [2]))
    try store.restore(["s": Tensor([3, 0.5] as [Float], shape: [2])])
    #expect(try session.run([] as [Tensor])[0].floats == [6, 1])
    #expect(throws: GraphError.self) { try store.restore(["s": Tensor([1, 2, 3] as [Float], shape: [3])]) }
    try store.reset(to: graph)
    #expect(store["s"]?.floats == [1, 1])
    // What a session holds as float32 is not exchanged under it.
    var wide = Graph()
    let s = wide.state("s", initial: Tensor([0, 0] as [Float], shape: [2]))
    wide.update(s, to: try wide.apply(Neg(), s))
    let other = StateStore()
    _ = try Session(wide, state: other).run([] as [Tensor])
    #expect(throws: GraphError.self) { try Session(graph, state: other).run([] as [Tensor]) }
  }

  @Test func `sessions refuse a store with a state of another type`() throws {
    let store = StateStore()
    _ = try BoundSession(Program(try Self.counter()), inputs: [], state: store)
    let other = try Self.counter([2])
    let bound = #expect(throws: GraphError.self) { try BoundSession(Program(other), inputs: [], state: store) }
    #expect(bound?.message.contains("‘count’ is int64[2], the store’s is int64[]") ?? false)
    #expect(throws: GraphError.self) { try Session(other, state: store).run([] as [Tensor]) }
    #expect(throws: GraphError.self) { try store.reset(to: other) }
    #expect(store["count"] == .scalar(Int64(5)))
  }
}
