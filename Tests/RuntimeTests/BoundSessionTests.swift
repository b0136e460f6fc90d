import Foundation
import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct BoundSessionTests {
  /// softmax(relu(x) · w), x and the constant 2 as outputs.
  private static func network() throws -> (Graph, Tensor) {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("N"), 4]))
    let w = g.constant(Tensor((0..<12).map { Float($0) / 7 }, shape: [4, 3]))
    g.outputs = [
      try g.apply(Softmax(), g.apply(MatMul(), g.apply(Relu(), x), w)), x, g.constant(Tensor.scalar(Float(2))),
    ]
    return (g, Tensor([1, -2, 3, 4, 0, 0.5, -1, 2] as [Float], shape: [2, 4]))
  }

  @Test(arguments: [1, 2]) func `outputs are a session's`(threads: Int) throws {
    let (graph, x) = try Self.network()
    let program = Program(graph, threads: threads)
    let bound = try BoundSession(program, inputs: [x.type])
    try bound.set(0, to: x)
    try bound.run()
    for (i, expected) in try Session(program).run([x]).enumerated() {
      #expect(bound.outputTypes[i] == expected.type)
      #expect(bound.output(i) == expected)
    }
  }

  @Test func `inputs are written in place and read by the next run`() throws {
    let (graph, x) = try Self.network()
    let bound = try BoundSession(Program(graph), inputs: [x.type])
    try bound.set(0, to: x)
    try bound.run()
    let first = bound.output(0)
    bound.withInput(0) { $0.bindMemory(to: Float.self)[0] = 9 }
    try bound.run()
    #expect(bound.output(0) != first)
    #expect(bound.output(1).floats[0] == 9)
  }

  @Test func `a tensor of another type is refused`() throws {
    let (graph, x) = try Self.network()
    let bound = try BoundSession(Program(graph), inputs: [x.type])
    #expect(throws: GraphError.self) { try bound.set(0, to: Tensor([1, 2, 3, 4] as [Float], shape: [1, 4])) }
  }

  @Test func `sizes that depend on data cannot be bound`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [4]))
    g.outputs = [try g.apply(NonZero(), x)]
    let error = #expect(throws: GraphError.self) {
      try BoundSession(Program(g), inputs: [TensorType(.float32, [4])])
    }
    #expect(error?.kind == .unsupported)
  }
}
