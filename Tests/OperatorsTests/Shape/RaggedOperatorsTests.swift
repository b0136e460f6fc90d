import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// The internal operators of rows without padding.
struct RaggedOperatorsTests {
  private func rows(_ mask: Tensor) throws -> [Tensor] {
    let context = EvaluationContext(resultCount: 5) { _, _ throws(GraphError) in [] }
    return try ValidRows().evaluate([.tensor(mask)], in: context).compactMap(\.tensor)
  }
  private func run(_ op: any Op, _ operands: Tensor?...) throws -> Tensor {
    try #require(try Interpreter.evaluate(op, operands, resultCount: 1))[0]
  }

  @Test func `valid rows are numbered, and surplus ones stand for the first place`() throws {
    let marks = (0..<40).map { Int32($0 % 20 < 3 || $0 == 29 ? 1 : 0) }
    let results = try rows(Tensor(marks, shape: [2, 20]))
    #expect(results[0].integers == [0, 1, 2, 20, 21, 22, 29] + Array(repeating: 0, count: 9))
    #expect(results[1].integers == [0, 1, 2, 0, 1, 2, 9] + Array(repeating: 0, count: 9))
    #expect(results[2].integers == [0, 0, 0, 1, 1, 1, 1] + Array(repeating: 0, count: 9))
    #expect(results[3].integers == [0, 3, 7])
    #expect(results[4].sizes == [2, 20])
    #expect(results[4].integers.filter { $0 >= 0 } == Array(0..<7))
    #expect(results[4].integers[29] == 6 && results[4].integers[3] == -1)
  }

  @Test func `numbers of rows are few, and never more than an eighth above`() throws {
    var seen: Set<Int> = []
    for count in stride(from: 0, through: 1024, by: 1) {
      let mask = Tensor((0..<1024).map { $0 < count }, shape: [8, 128])
      let rowCount = try rows(mask)[0].elementCount
      #expect(rowCount >= count && rowCount <= 1024)
      #expect(rowCount <= max(count + count / 8, (count + 15) / 16 * 16, 16))
      seen.insert(rowCount)
    }
    #expect(seen.count <= 40)
    #expect(try rows(Tensor([true, false], shape: [1, 2]))[0].elementCount == 2)
  }

  @Test func `masks of other numbers are refused`() {
    #expect(throws: GraphError.self) { try rows(Tensor([1, 0.5] as [Float], shape: [1, 2])) }
  }

  @Test func `padding is restored with zeros`() throws {
    let x = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])
    let places = Tensor([1, -1, -1, 0] as [Int32], shape: [2, 2])
    let y = try run(RestorePadding(), x, places)
    #expect(y.sizes == [2, 2, 2])
    #expect(y.floats == [3, 4, 0, 0, 0, 0, 1, 2])
    let halves = Tensor([1, 2, 3].map { BFloat16(Float($0)) }, shape: [3])
    #expect(try run(RestorePadding(), halves, places).floats == [2, 0, 0, 1])
  }

  @Test func `attention of rows is attention of each sample`() throws {
    let lengths = [3, 0, 5]
    let offsets = Tensor([0, 3, 3, 8] as [Int32], shape: [4])
    let places = Tensor([Int32](repeating: 0, count: 15), shape: [3, 5])
    func numbers(_ seed: Int, _ rows: Int, _ width: Int) -> Tensor {
      Tensor((0..<rows * width).map { Float(($0 * 37 + seed * 11) % 23) / 10 - 1 }, shape: [rows, width])
    }
    let operands = [numbers(1, 10, 8), numbers(2, 10, 4), numbers(3, 10, 6)]
    for isCausal in [false, true] {
      var ragged = RaggedAttention()
      (ragged.q_num_heads, ragged.kv_num_heads, ragged.is_causal) = (4, 2, isCausal)
      let y = try run(ragged, operands[0], operands[1], operands[2], offsets, places)
      #expect(y.sizes == [10, 12])
      #expect(y.floats[(8 * 12)...].allSatisfy { $0 == 0 })
      var attention = Attention()
      (attention.q_num_heads, attention.kv_num_heads, attention.is_causal) = (4, 2, isCausal)
      var start = 0
      for length in lengths where length > 0 {
        let own = operands.map { operand in
          let width = operand.sizes[1]
          return Tensor(Array(operand.floats[start * width..<(start + length) * width]), shape: [1, length, width])
        }
        let expected = try run(attention, own[0], own[1], own[2])
        let result = y.floats[start * 12..<(start + length) * 12]
        #expect(zip(result, expected.floats).allSatisfy { abs($0 - $1) < 1e-5 })
        start += length
      }
    }
  }

  @Test func `offsets outside the rows are reported`() throws {
    let x = Tensor([Float](repeating: 1, count: 8), shape: [4, 2])
    let places = Tensor([Int32](repeating: 0, count: 3), shape: [1, 3])
    for offsets in [[0, 5], [0, 4], [1, 2], [0, -1]] as [[Int32]] {
      #expect(throws: GraphError.self) {
        try run(RaggedAttention(), x, x, x, Tensor(offsets, shape: [2]), places)
      }
    }
  }
}
