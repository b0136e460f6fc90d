import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Channels-last operators against their expansions, which are the channels-first ones.
@Suite struct ChannelsLastTests {
  private func values(_ shape: [Int], seed: UInt32) -> Tensor {
    var state = seed
    return Tensor(
      (0..<shape.reduce(1, *)).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(state >> 8) / Float(1 << 23) - 1
      }, shape: shape)
  }

  private func compare(_ op: some CompositeOp, _ operands: [Tensor], constants: Set<Int> = []) throws {
    func result(expanding: Bool) throws -> Tensor {
      var g = Graph()
      let values: [Value?] = operands.enumerated().map { i, tensor in
        constants.contains(i) ? g.constant(tensor) : g.input("x\(i)", tensor.type)
      }
      if expanding {
        let call = Call(operands.map { Operand(.tensor($0.type)) })
        g.outputs = try op.expand(values, call, in: &g)
      } else {
        g.outputs = [try g.apply(op, values, resultCount: 1)[0]]
      }
      return try Session(g).run(operands.indices.filter { !constants.contains($0) }.map { operands[$0] })[0]
    }
    let (fast, slow) = (try result(expanding: false), try result(expanding: true))
    #expect(fast.type == slow.type)
    for (x, y) in zip(fast.doubles, slow.doubles) { #expect(abs(x - y) <= 1e-4, "\(x) is not \(y)") }
  }

  @Test(arguments: [nil, "Relu", "HardSwish", "Sigmoid"]) func convolves(activation: String?) throws {
    var op = NHWCConv()
    (op.pads, op.strides, op.group, op.activation) = ([1, 0, 1, 2], [2, 1], 2, activation)
    let x = values([2, 7, 6, 4], seed: 1)
    let (w, b, z) = (values([6, 2, 3, 3], seed: 2), values([6], seed: 3), values([2, 4, 6, 6], seed: 4))
    try compare(op, [x, w, b], constants: [1, 2])
    try compare(op, [x, w, b, z], constants: [1, 2])
  }

  @Test func pools() throws {
    let x = values([2, 7, 6, 4], seed: 1)
    var maximum = NHWCMaxPool()
    (maximum.kernel_shape, maximum.strides, maximum.pads, maximum.ceil_mode) = ([3, 2], [2, 2], [1, 0, 1, 0], true)
    try compare(maximum, [x])
    var average = NHWCAveragePool()
    (average.kernel_shape, average.strides, average.pads) = ([3, 2], [2, 2], [1, 0, 1, 0])
    try compare(average, [x])
    average.count_include_pad = true
    try compare(average, [x])
    try compare(NHWCGlobalAveragePool(), [x])
  }

  @Test(arguments: [ElementType.float32, .bfloat16, .uint8]) func `shuffles and splits`(element: ElementType) throws {
    let x = values([2, 3, 5, 40], seed: 8), y = values([2, 3, 5, 40], seed: 9)
    func results(_ build: (inout Graph, Value, Value) throws -> [Value]) throws -> [[Double]] {
      var g = Graph()
      let inputs = [g.input("x", x.type), g.input("y", y.type)]
      var cast = Cast()
      cast.to = element
      let narrow = try inputs.map { try g.apply(cast, g.apply(Mul(), $0, g.constant(.scalar(Float(100))))) }
      cast.to = .float32
      g.outputs = try build(&g, narrow[0], narrow[1]).map { try g.apply(cast, $0) }
      return try Session(g).run([x, y]).map(\.doubles)
    }
    func joined(_ g: inout Graph, _ x: Value, _ y: Value) throws -> Value {
      try g.apply(try Concat(attributes: ["axis": .int(-1)]), x, y)
    }
    var split = Split()
    (split.axis, split.num_outputs) = (-1, 2)
    let shuffled = try results { g, x, y in
      try g.apply(split, [g.apply(NHWCChannelShuffle(group: 2), joined(&g, x, y))], resultCount: 2)
    }
    #expect(try results { g, x, y in try g.apply(NHWCShuffleSplit(), [x, y], resultCount: 2) } == shuffled)
    #expect(
      try results { g, x, y in try g.apply(NHWCShuffleSplit(), [joined(&g, x, y)], resultCount: 2) } == shuffled)
    let apart = try results { g, x, y in
      let all = try joined(&g, x, y)
      return try [0, 1].map { first in
        try g.apply(
          Slice(), all, g.constant(.integers([first])), g.constant(.integers([80])), g.constant(.integers([3])),
          g.constant(.integers([2])))
      }
    }
    #expect(try results { g, x, y in try g.apply(NHWCShuffleSplit(apart: true), [x, y], resultCount: 2) } == apart)
    #expect(
      try results { g, x, y in try g.apply(NHWCShuffleSplit(apart: true), [joined(&g, x, y)], resultCount: 2) } == apart
    )
  }
}
