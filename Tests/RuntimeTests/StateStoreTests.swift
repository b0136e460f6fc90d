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
