import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct CountedAttentionTests {
  enum Masking: CaseIterable { case none, causal, boolean, additive }

  private static func wave(_ sizes: [Int], _ seed: Int) -> Tensor {
    let count: Int = sizes.reduce(1, *)
    let values: [Float] = (0..<count).map { i in
      let step: Int = (i * 7919 + seed * 131) % 211
      return Float(step) / 105 - 1
    }
    return Tensor(values, shape: sizes)
  }

  /// The first positions of `[batch, heads, positions, width]`.
  private static func first(_ count: Int, of x: Tensor) -> Tensor {
    let (sizes, values) = (x.sizes, x.floats)
    var rows: [Float] = []
    for head in 0..<sizes[0] * sizes[1] {
      let start: Int = head * sizes[2] * sizes[3]
      rows += values[start..<start + count * sizes[3]]
    }
    return Tensor(rows, shape: [sizes[0], sizes[1], count, sizes[3]])
  }

  private static func run(_ op: Attention, _ operands: [Tensor?]) throws -> [Float] {
    var g = Graph()
    let inputs = operands.enumerated().map { i, tensor in tensor.map { g.input("\(i)", $0.type) } }
    g.outputs = try g.apply(op, inputs, resultCount: 1)
    return try Session(g).run(operands.compactMap(\.self))[0].floats
  }

  /// What lies behind the valid keys, here not even numbers, is of no account.
  @Test(arguments: Masking.allCases, [1, 3, 4, 6]) func `the valid keys alone are seen`(masking: Masking, queries: Int)
    throws
  {
    let (capacity, valid, width) = (11, 7, 20)
    var op = Attention()
    op.is_causal = masking == .causal
    let q = Self.wave([1, 4, queries, width], 1)
    var (keys, values) = (Self.wave([1, 2, capacity, width], 2), Self.wave([1, 2, capacity, width], 3))
    let (k, v) = (Self.first(valid, of: keys), Self.first(valid, of: values))
    if queries <= 4 {
      func tail(_ x: Tensor) -> Tensor {
        var numbers = x.floats
        for i in numbers.indices where (i / width) % capacity >= valid { numbers[i] = .nan }
        return Tensor(numbers, shape: x.sizes)
      }
      (keys, values) = (tail(keys), tail(values))
    }
    var (mask, short): (Tensor?, Tensor?)
    switch masking {
    case .none, .causal: break
    case .boolean:
      let open: [Bool] = (0..<queries * capacity).map { $0 % 3 != 1 }
      mask = Tensor(open, shape: [queries, capacity])
      var first: [Bool] = []
      for i in 0..<queries { first += open[i * capacity..<i * capacity + valid] }
      short = Tensor(first, shape: [queries, valid])
    case .additive:
      let added = Self.wave([1, 4, queries, capacity], 4)
      mask = added
      let rows = Self.first(valid, of: added.reshaped([1, 4 * queries, capacity, 1]))
      short = rows.reshaped([1, 4, queries, valid])
    }
    if masking == .causal {
      // Query i is at position valid − queries + i.
      var open: [Bool] = []
      for i in 0..<queries { open += (0..<valid).map { $0 <= valid - queries + i } }
      short = Tensor(open, shape: [queries, valid])
    }
    let counted = try Self.run(op, [q, keys, values, mask, nil, nil, Tensor([Int64(valid)], shape: [1])])
    let expected = try Self.run(Attention(), [q, k, v, short])
    #expect(zip(counted, expected).allSatisfy { abs($0 - $1) < 1e-5 } && counted.count == expected.count)
  }

  @Test func `queries that see nothing give zeros`() throws {
    let (q, k) = (Self.wave([2, 1, 1, 4], 1), Self.wave([2, 1, 3, 4], 2))
    let result = try Self.run(Attention(), [q, k, k, nil, nil, nil, Tensor([0, 3] as [Int64], shape: [2])])
    #expect(result[..<4].allSatisfy { $0 == 0 } && result[4...].contains { $0 != 0 })
  }
}
