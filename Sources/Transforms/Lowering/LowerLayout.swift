import HoneIR
import HoneOperators

/// Gives convolutions and pools channels-last operands, and moves the transposes that this takes to where they cancel.
///
/// Lowered graphs are not saved.
public struct LowerLayout: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Self.layer("Conv(x) → channels last", on: Conv.self) { conv in NHWCConv(conv) },
        Self.layer("QLinearConv(x) → channels last", on: QLinearConv.self) { conv in NHWCQLinearConv(conv) },
        Self.layer("MaxPool(x) → channels last", on: MaxPool.self) { pool in NHWCMaxPool(pool) },
        Self.layer("AveragePool(x) → channels last", on: AveragePool.self) { pool in NHWCAveragePool(pool) },
        Self.layer("GlobalAveragePool(x) → channels last", on: GlobalAveragePool.self) { _ in NHWCGlobalAveragePool() },
        Rule("QLinearGlobalAveragePool(x) → channels last", on: Microsoft.QLinearGlobalAveragePool.self) {
          (op, node, graph) throws(GraphError) in
          var pool = op
          pool.channels_last = true
          guard !op.channels_last, graph.canBeChannelsLast(node) else { return nil }
          return try graph.applyChannelsLast(pool, node.operands, node)
        },
        Rule("QLinearAveragePool(x) → channels last", on: Microsoft.QLinearAveragePool.self) {
          (op, node, graph) throws(GraphError) in
          var pool = op
          pool.channels_last = true
          guard !op.channels_last, graph.canBeChannelsLast(node) else { return nil }
          return try graph.applyChannelsLast(pool, node.operands, node)
        },
        Rule("FusedConv(x) → channels last", on: FusedConv.self) { (op, node, graph) throws(GraphError) in
          guard graph.canBeChannelsLast(node) else { return nil }
          var conv = NHWCConv(op.conv)
          (conv.activation, conv.activation_params) = (op.activation, op.activation_params)
          var operands = node.operands
          if operands.count > 3 { operands[3] = try graph.channelsLast(operands[3]) }
          return try graph.applyChannelsLast(conv, operands, node)
        },
      ]),
      .step("transposes move behind elementwise operators") { (graph: inout Graph) throws(GraphError) in
        try graph.sinkTransposes()
      },
    ]
  }

  static func layer<O: Op>(_ name: String, on _: O.Type, _ make: @escaping @Sendable (O) -> any Op) -> Rule {
    Rule(name, on: O.self) { (op, node, graph) throws(GraphError) in
      guard graph.canBeChannelsLast(node) else { return nil }
      return try graph.applyChannelsLast(make(op), node.operands, node)
    }
  }
}

extension Graph {
  fileprivate func canBeChannelsLast(_ node: Node) -> Bool {
    guard let x = node.operands[0], let rank = rank(of: x), rank == 4 || (rank == 3 && node.op.isConvolution),
      node.results.dropFirst().allSatisfy({ userCount(of: $0) == 0 && !isOutput($0) })
    else { return false }
    if node.op is any WeightedOp, constant(node.operands[1]) == nil { return false }
    if let weights = node.op is QLinearConv ? node.operands[3] : node.op is FusedConv ? node.operands[1] : nil,
      constant(weights) == nil
    {
      return false
    }
    return [.float32, .uint8, .int8].contains(tensorType(of: x).element)
      && (tensorType(of: x).element == .float32 || node.op is QLinearConv || node.op is MaxPool
        || node.op is Microsoft.QLinearGlobalAveragePool || node.op is Microsoft.QLinearAveragePool)
  }

  mutating func channelsLast(_ value: Value?) throws(GraphError) -> Value? {
    guard let value else { return nil }
    if let last = beforeChannelsFirst(value) { return last }
    guard let rank = rank(of: value) else { throw GraphError(.invariant, "a layout without a rank") }
    var transpose = Transpose()
    transpose.perm = [0] + Array(2..<rank) + [1]
    return try apply(transpose, value)
  }

  mutating func channelsFirst(_ value: Value) throws(GraphError) -> Value {
    guard let rank = rank(of: value) else { throw GraphError(.invariant, "a layout without a rank") }
    var transpose = Transpose()
    transpose.perm = Self.channelsFirst(rank)
    return try apply(transpose, value)
  }

  mutating func applyChannelsLast(_ op: any Op, _ operands: [Value?], _ node: Node) throws(GraphError)
    -> Value
  {
    var operands = operands
    operands[0] = try channelsLast(operands[0])
    return try channelsFirst(apply(op, operands, resultCount: 1, named: node.name)[0])
  }

  /// The channels-last value that `value` is the channels-first form of.
  private func beforeChannelsFirst(_ value: Value?) -> Value? {
    guard let (op, node) = producer(of: value, as: Transpose.self), let perm = op.perm, perm.count > 2,
      perm == Self.channelsFirst(perm.count)
    else { return nil }
    return node.operands[0]
  }

  private static func channelsFirst(_ rank: Int) -> [Int] { [0, rank - 1] + Array(1..<rank - 1) }

  /// op(first(x), first(y)) → first(op(x, y)); returns how often.
  mutating func sinkTransposes() throws(GraphError) -> Int {
    var count = 0
    for id in sorted().map(\.id) {
      guard let node = self[id] else { continue }
      // A statistic does not care in which order values come.
      if node.op is any StatisticOp, let last = beforeChannelsFirst(node.operands[0]) {
        setOperands(of: node.id, to: [last] + node.operands.dropFirst())
        count += 1
        continue
      }
      if let split = node.op as? Split, try sink(split, node) {
        count += 1
        continue
      }
      if node.op is Reshape, let shuffled = try shuffle(endingWith: node) {
        replace(node.result, with: shuffled)
        count += 1
        continue
      }
      if let gather = node.op as? Gather, try part(gather, node) {
        count += 1
        continue
      }
      guard node.results.count == 1, let operands = try lastOperands(of: node) else { continue }
      var op = node.op
      if var concat = op as? Concat {
        guard let rank = rank(of: node.result), concat.axis == 1 || concat.axis == 1 - rank else { continue }
        concat.axis = rank - 1
        op = concat
      }
      let result = try channelsFirst(apply(op, operands, resultCount: 1, named: node.name)[0])
      replace(node.result, with: result)
      count += 1
    }
    return count
  }

  /// Parts of channels are parts of the last axis.
  private mutating func sink(_ split: Split, _ node: Node) throws(GraphError) -> Bool {
    guard let last = beforeChannelsFirst(node.operands[0]), let rank = rank(of: last),
      split.axis == 1 || split.axis == 1 - rank
    else { return false }
    var op = split
    op.axis = rank - 1
    let parts = try apply(op, [last] + node.operands.dropFirst(), resultCount: node.results.count, named: node.name)
    for (old, part) in zip(node.results, parts) { replace(old, with: try channelsFirst(part)) }
    return true
  }

  /// Every second channel: what a gather takes of pairs of channels that a reshape makes.
  private mutating func part(_ gather: Gather, _ node: Node) throws(GraphError) -> Bool {
    guard let (_, reshape) = producer(of: node.operands[0], as: Reshape.self), let x = reshape.operands[0],
      let last = beforeChannelsFirst(x), let from = shape(of: x), let pairs = shape(of: reshape.result),
      gather.axis == 2,
      rank(of: node.operands[1]) == 0, let index = integers(node.operands[1])?.first,
      let channels = from[1].size, channels % 2 == 0, pairs.count == from.count + 1, pairs[1] == .fixed(channels / 2),
      pairs[2] == .fixed(2), pairs[0] == from[0], Array(pairs[3...]) == Array(from[2...]), (-2..<2).contains(index)
    else { return false }
    let known = users(of: last).first { ($0.op as? NHWCShuffleSplit)?.apart == true && $0.operands.count == 1 }
    let halves: [Value]
    if let known {
      halves = known.results
    } else {
      halves = try apply(NHWCShuffleSplit(apart: true), [last], resultCount: 2, named: node.name)
    }
    replace(node.result, with: try channelsFirst(halves[index < 0 ? index + 2 : index]))
    return true
  }

  /// The channel shuffle that a reshape ends, which splits channels into groups, and a transpose, which exchanges groups
  /// and the channels in them.
  private mutating func shuffle(endingWith node: Node) throws(GraphError) -> Value? {
    guard let (transpose, middle) = producer(of: node.operands[0], as: Transpose.self),
      transpose.perm == [0, 2, 1, 3, 4], let (_, first) = producer(of: middle.operands[0], as: Reshape.self),
      let last = beforeChannelsFirst(first.operands[0]), let x = shape(of: first.operands[0]),
      let parts = shape(of: first.result), let groups = parts[1].size, let depth = parts[2].size,
      x[1].size == groups * depth, Array(x[2...]) == Array(parts[3...]), shape(of: node.result) == x
    else { return nil }
    return try channelsFirst(apply(NHWCChannelShuffle(group: groups), last))
  }

  /// Operands for running `node` channels-last, where at least one is there in that form already and the rest can be.
  private mutating func lastOperands(of node: Node) throws(GraphError) -> [Value?]? {
    let isPlain = node.op is any ElementwiseOp || node.op is Concat
    let isQuantizedSum =
      node.op is Microsoft.QLinearAdd || node.op is Microsoft.QLinearMul || node.op is QuantizeLinear
      || node.op is DequantizeLinear
    guard isPlain || isQuantizedSum, let rank = rank(of: node.result), rank == 3 || rank == 4 else { return nil }
    if node.op is ByteTable {
      guard let last = beforeChannelsFirst(node.operands[0]) else { return nil }
      return [last, node.operands[1]]
    }
    guard node.operands.contains(where: { beforeChannelsFirst($0) != nil }) else { return nil }
    var operands: [Value?] = []
    for operand in node.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      if let last = beforeChannelsFirst(operand) {
        operands.append(last)
      } else if let tensor = constant(operand), tensor.elementCount == 1, tensor.sizes.count <= 1 {
        operands.append(operand)
      } else if let tensor = constant(operand), isPlain, let moved = tensor.channelsLast(rank) {
        operands.append(constant(moved, name(of: operand)))
      } else if self.rank(of: operand) == rank, constant(operand) == nil,
        tensorType(of: operand).shape == tensorType(of: node.result).shape || node.op is Concat
      {
        operands.append(try channelsLast(operand))
      } else {
        return nil
      }
    }
    return operands
  }
}

extension Tensor {
  /// A constant that broadcasts along the channels of `[N, C, …]`, in the shape that does so for `[N, …, C]`; nil for others.
  fileprivate func channelsLast(_ rank: Int) -> Tensor? {
    if sizes.allSatisfy({ $0 == 1 }), sizes.count <= rank {
      return reshaped(Array(repeating: 1, count: max(sizes.count, 1)))
    }
    let spatial = rank - 2
    guard sizes.count > spatial, sizes.count <= rank, sizes.suffix(spatial).allSatisfy({ $0 == 1 }),
      sizes.dropLast(spatial + 1).allSatisfy({ $0 == 1 })
    else { return nil }
    return reshaped([sizes[sizes.count - spatial - 1]])
  }
}

extension Op {
  fileprivate var isConvolution: Bool { self is Conv || self is FusedConv || self is QLinearConv }
}
