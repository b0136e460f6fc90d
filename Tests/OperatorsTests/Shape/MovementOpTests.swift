import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Element types and faults that the official cases do not reach.
struct MovementOpTests {
  private func run(_ op: any Op, _ operands: Tensor?..., results: Int = 1) throws -> [Tensor] {
    try #require(try Interpreter.evaluate(op, operands, resultCount: results))
  }
  private func strings(_ op: some EvaluatedOp, _ operands: Tensor?..., results: Int = 1) throws -> [Tensor] {
    let context = EvaluationContext(resultCount: results) { _, _ throws(GraphError) in [] }
    return try op.evaluate(operands.map { $0.map(RuntimeValue.tensor) }, in: context).compactMap(\.tensor)
  }
  /// The numbers 0 to 5 as a 2 × 3 matrix of 4-bit integers.
  private var packed: Tensor { Tensor(TensorType(.int4, [2, 3])) { $0.copyBytes(from: [0x10, 0x32, 0x54]) } }

  @Test func packedElementsMove() throws {
    #expect(try run(Transpose(), packed)[0].integers == [0, 3, 1, 4, 2, 5])
    #expect(try run(Reshape(), packed, .integers([6]))[0].integers == [0, 1, 2, 3, 4, 5])
    #expect(try run(Pad(), packed, .integers([0, 1, 0, 0]))[0].integers == [0, 0, 1, 2, 0, 3, 4, 5])
    var concat = Concat()
    concat.axis = 1
    #expect(try run(concat, packed, packed)[0].integers == [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5])
  }

  @Test func stringsMove() throws {
    let words = Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2])
    #expect(try strings(Transpose(), words)[0].strings == ["a", "c", "b", "d"])
    #expect(try strings(Pad(), words, .integers([0, 0, 1, 0]))[0].strings == ["a", "b", "c", "d", "", ""])
    #expect(try strings(Gather(), words, .integers([-1]))[0].strings == ["c", "d"])
    #expect(try strings(Flatten(), words)[0].sizes == [2, 2])
    let parts = try strings(Split(), words, results: 2)
    #expect(parts.map(\.strings) == [["a", "b"], ["c", "d"]])
  }

  @Test func indicesOutsideAreFaults() throws {
    let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let outside = Tensor.integers([2])
    let update = Tensor([0] as [Float], shape: [1, 1])
    #expect(throws: GraphError.self) { try run(Gather(), x, outside) }
    #expect(throws: GraphError.self) { try run(Gather(), x, .integers([.min])) }
    #expect(throws: GraphError.self) { try run(GatherElements(), x, Tensor([-3] as [Int64], shape: [1, 1])) }
    #expect(throws: GraphError.self) { try run(GatherND(), x, Tensor([0, 2] as [Int64], shape: [1, 2])) }
    #expect(throws: GraphError.self) { try run(ScatterElements(), x, Tensor([5] as [Int64], shape: [1, 1]), update) }
    #expect(throws: GraphError.self) {
      try run(ScatterND(), x, Tensor([9, 0] as [Int64], shape: [1, 2]), Tensor([0] as [Float], shape: [1]))
    }
    #expect(throws: GraphError.self) { try run(ReverseSequence(), x, .integers([1, 3])) }
    #expect(throws: GraphError.self) {
      try run(
        TensorScatter(), Tensor([1, 2] as [Float], shape: [1, 2, 1]), update.reshaped([1, 1, 1]), .integers([2]))
    }
  }

  @Test func slicesRunBackwards() throws {
    let x = Tensor((0..<6).map(Int32.init), shape: [2, 3])
    let y = try run(
      HoneOperators.Slice(), x, .integers([-1, .max]), .integers([.min, .min]), .integers([0, 1]), .integers([-1, -2]))[
        0]
    #expect(y.sizes == [2, 2])
    #expect(y.integers == [5, 3, 2, 0])
  }

  @Test func equalScoresKeepTheirOrder() throws {
    let x = Tensor([2, .nan, 2, -0.0, 0, 5] as [Float], shape: [6])
    let best = try run(TopK(), x, .integers([6]), results: 2)
    #expect(best[1].integers == [1, 5, 0, 2, 3, 4])
    var smallest = TopK()
    smallest.largest = false
    #expect(try run(smallest, x, .integers([3]), results: 2)[1].integers == [3, 4, 0])
  }
}
