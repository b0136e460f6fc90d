import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct CountedAttentionTests {
  enum Masking: CaseIterable { case none, causal, boolean, additive }

  static func wave(_ sizes: [Int], _ seed: Int) -> Tensor {
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

  private static func narrowed(_ x: Tensor) -> Tensor { Tensor(x.floats.map { BFloat16($0) }, shape: x.sizes) }

  @Test(arguments: Masking.allCases, [1, 3, 4, 6]) func `the valid keys alone are seen`(masking: Masking, queries: Int)
    throws
  {
    try check(masking, queries: queries, valid: 7, isNarrow: false)
    try check(masking, queries: queries, valid: 7, isNarrow: true)
  }

  @Test(arguments: [Masking.none, .additive], [1, 6]) func `no keys at all give zeros`(masking: Masking, queries: Int)
    throws
  {
    try check(masking, queries: queries, valid: 0, isNarrow: false)
    try check(masking, queries: queries, valid: 0, isNarrow: true)
  }

  /// What lies behind the valid keys, here not even numbers, is of no account.
  private func check(_ masking: Masking, queries: Int, valid: Int, isNarrow: Bool) throws {
    let (capacity, width) = (11, 20)
    var op = Attention()
    op.is_causal = masking == .causal
    let q = Self.wave([1, 4, queries, width], 1)
    var (keys, values) = (Self.wave([1, 2, capacity, width], 2), Self.wave([1, 2, capacity, width], 3))
    let (k, v) = (Self.first(valid, of: keys), Self.first(valid, of: values))
    // Masks of truth values for many float32 queries are laid over all scores.
    if queries <= 4 || masking != .boolean || isNarrow {
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
    let operands = isNarrow ? [q, keys, values].map(Self.narrowed) : [q, keys, values]
    let counted = try Self.run(op, operands + [mask, nil, nil, Tensor([Int64(valid)], shape: [1])])
    let expected =
      valid == 0 ? [Float](repeating: 0, count: q.elementCount) : try Self.run(Attention(), [q, k, v, short])
    let tolerance: Float = isNarrow ? 2e-2 : 1e-5
    #expect(zip(counted, expected).allSatisfy { abs($0 - $1) < tolerance } && counted.count == expected.count)
  }

  /// Each sample has its own count, and so each of many queries its own last key.
  @Test(arguments: [false, true], [2, 9]) func `samples have counts of their own`(isNarrow: Bool, queries: Int) throws {
    let (q, keys) = (Self.wave([3, 4, queries, 8], 1), Self.wave([3, 2, 40, 8], 2))
    var op = Attention()
    op.is_causal = true
    let counts: [Int64] = [Int64(queries), 40, 17]
    let operands = isNarrow ? [q, keys, keys].map(Self.narrowed) : [q, keys, keys]
    let all = try Self.run(op, operands + [nil, nil, nil, Tensor(counts, shape: [3])])
    for b in 0..<3 {
      func part(_ x: Tensor) -> Tensor {
        let size = x.elementCount / 3
        return Tensor(Array(x.floats[b * size..<(b + 1) * size]), shape: [1] + x.sizes[1...])
      }
      let count = Int(counts[b])
      let kv = Self.first(count, of: part(keys))
      let open: [Bool] = (0..<queries * count).map { $0 % count <= count - queries + $0 / count }
      let expected = try Self.run(Attention(), [part(q), kv, kv, Tensor(open, shape: [queries, count])])
      let result = all[b * expected.count..<(b + 1) * expected.count]
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < (isNarrow ? 2e-2 : 1e-5) })
    }
  }

  /// A window hides old keys, and scores are cut off softly, in the same way for few queries and for many.
  @Test(arguments: [false, true]) func `windows and soft limits`(isNarrow: Bool) throws {
    let (q, keys) = (Self.wave([1, 2, 7, 8], 1), Self.wave([1, 2, 20, 8], 2))
    var op = Attention()
    (op.is_causal, op.left_window_size, op.softcap, op.scale) = (true, 3, 0.7, 1)
    func run(_ q: Tensor, _ count: Int) throws -> [Float] {
      let operands = isNarrow ? [q, keys, keys].map(Self.narrowed) : [q, keys, keys]
      return try Self.run(op, operands + [nil, nil, nil, Tensor([Int64(count)], shape: [1])])
    }
    let all = try run(q, 15)
    for i in 0..<7 {
      let place = i * 8..<i * 8 + 8, other = 56 + i * 8..<56 + i * 8 + 8
      let rows: [Float] = Array(q.floats[place]) + Array(q.floats[other])
      let same: [Float] = Array(all[place]) + Array(all[other])
      let single = try run(Tensor(rows, shape: [1, 2, 1, 8]), 9 + i)
      #expect(zip(single, same).allSatisfy { abs($0 - $1) < (isNarrow ? 1e-2 : 1e-5) })
      var (long, plain) = (op, op)
      (long.left_window_size, plain.softcap) = (-1, 0)
      for other in [long, plain] {
        let counts = Tensor([Int64(9 + i)], shape: [1])
        let different = try Self.run(other, [Tensor(rows, shape: [1, 2, 1, 8]), keys, keys, nil, nil, nil, counts])
        #expect(zip(single, different).contains { abs($0 - $1) > 2e-2 })
      }
    }
  }

  @Test func `queries that see nothing give zeros`() throws {
    let (q, k) = (Self.wave([2, 1, 1, 4], 1), Self.wave([2, 1, 3, 4], 2))
    let result = try Self.run(Attention(), [q, k, k, nil, nil, nil, Tensor([0, 3] as [Int64], shape: [2])])
    #expect(result[..<4].allSatisfy { $0 == 0 } && result[4...].contains { $0 != 0 })
  }
}
