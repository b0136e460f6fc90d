import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct IfTests {
  /// x·2 if `condition`, else x+1, and in both cases x itself.
  private static func network(_ condition: (inout Graph, Value) throws -> Value) throws -> Graph {
    func region(_ op: any Op, _ number: Float) throws -> Region {
      var g = Graph()
      let x = g.input("x", TensorType(.float32, nil))
      g.outputs = [try g.apply(op, x, g.constant(.scalar(number))), x]
      return Region(g, captureCount: 1)
    }
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("N")]))
    var branch = If()
    (branch.then_branch, branch.else_branch) = (try region(Mul(), 2), try region(Add(), 1))
    g.outputs = try g.apply(branch, [condition(&g, x), x], resultCount: 2)
    return g
  }

  @Test func `a branch that sizes decide is planned`() throws {
    let graph = try Self.network { g, x in
      try g.apply(Equal(), g.apply(Size(), x), g.constant(.scalar(Int64(2))))
    }
    let program = Program(graph)
    let two = try BoundSession(program, inputs: [TensorType(.float32, [2])])
    try two.set(0, to: Tensor([3, 5] as [Float], shape: [2]))
    try two.run()
    #expect(two.output(0).floats == [6, 10])
    #expect(two.output(1).floats == [3, 5])
    #expect(try Session(program).run([Tensor([3] as [Float], shape: [1])])[0].floats == [4])
  }

  @Test func `a branch that data decide is chosen in every run`() throws {
    let graph = try Self.network { g, x in
      var sum = ReduceSum()
      sum.keepdims = false
      return try g.apply(Greater(), g.apply(sum, x), g.constant(.scalar(Float(0))))
    }
    let session = Session(graph)
    for (input, expected) in [([3, 5], [6, 10]), ([-3, 1], [-2, 2]), ([1, 1], [2, 2])] as [([Float], [Float])] {
      #expect(try session.run([Tensor(input, shape: [2])])[0].floats == expected)
    }
  }
}
