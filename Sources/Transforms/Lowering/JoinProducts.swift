import HoneIR
import HoneOperators

/// Products of the same rows with constant weights become one product, which reads the rows once, where an attention reads
/// them: it takes its queries, keys and values from columns of the joint result in place, as it does from what a `Split`
/// would take apart. Where a result would have to be copied, products stay as they are.
///
/// It comes last, since other rewrites know attention of separate operands only. Lowered graphs are not saved.
public struct JoinProducts: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("Attention(x·a, x·b, x·c) → JointAttention(x·[a b c])", on: Attention.self) {
          (attention, node, graph) throws(GraphError) in
          guard node.results.count == 1, (3...4).contains(node.operands.count), let heads = attention.q_num_heads,
            let keyHeads = attention.kv_num_heads, attention.qk_matmul_output_mode == 0,
            var operands = JointOperands(node, rank: 3, heads: [heads, keyHeads, keyHeads], in: graph),
            try operands.join(in: &graph)
          else { return nil }
          let joint = JointAttention(attention, columns: operands.columns, headSizes: operands.headSizes)
          return try graph.apply(joint, operands.values + node.operands.dropFirst(3), insteadOf: node)
        },
        Rule("RaggedAttention(x·a, x·b, x·c) → RaggedAttention(x·[a b c])", on: RaggedAttention.self) {
          (attention, node, graph) throws(GraphError) in
          let heads = [attention.q_num_heads, attention.kv_num_heads, attention.kv_num_heads]
          guard attention.columns.isEmpty, var operands = JointOperands(node, rank: 2, heads: heads, in: graph),
            try operands.join(in: &graph)
          else { return nil }
          var joint = attention
          (joint.columns, joint.head_sizes) = (operands.columns, operands.headSizes)
          return try graph.apply(joint, operands.values + node.operands.dropFirst(3), insteadOf: node)
        },
      ])
    ]
  }
}

/// Where an attention reads queries, keys and values.
private struct JointOperands {
  private(set) var values: [Value?]
  /// Their first columns in `values`.
  private(set) var columns = [0, 0, 0]
  /// Columns of a head of queries and keys, and of values.
  let headSizes: [Int]
  private let reader: Node.ID

  init?(_ node: Node, rank: Int, heads: [Int], in graph: Graph) {
    values = Array(node.operands.prefix(3))
    reader = node.id
    let widths = values.compactMap { value -> Int? in
      guard let shape = graph.shape(of: value), shape.count == rank else { return nil }
      return shape.last?.size
    }
    guard widths.count == 3, zip(widths, heads).allSatisfy({ $1 > 0 && $0 > 0 && $0 % $1 == 0 }),
      widths[0] / heads[0] == widths[1] / heads[1]
    else { return nil }
    headSizes = [widths[0] / heads[0], widths[2] / heads[2]]
  }

  /// Reads columns of larger values where there are some; false if there are none.
  mutating func join(in graph: inout Graph) throws(GraphError) -> Bool {
    var changed = false
    for i in 0..<3 {
      guard let (source, column) = graph.splitColumns(values[i]) else { continue }
      (values[i], columns[i]) = (source, column)
      changed = true
    }
    while let group = nextGroup(in: graph) {
      try join(group, in: &graph)
      changed = true
    }
    return changed
  }

  private func nextGroup(in graph: Graph) -> [Factor]? {
    var factors: [Factor] = []
    for value in values {
      guard let value, !factors.contains(where: { $0.value == value }), graph.users(of: value).map(\.id) == [reader],
        let factor = Factor(value, in: graph)
      else { continue }
      factors.append(factor)
    }
    for factor in factors {
      let group = factors.filter { $0.matches(factor) }
      if group.count > 1 { return group }
    }
    return nil
  }

  private mutating func join(_ group: [Factor], in graph: inout Graph) throws(GraphError) {
    var bias: Value?
    if group.contains(where: { $0.bias != nil }) {
      let all = group.flatMap { $0.bias?.floats ?? Array(repeating: 0, count: $0.width) }
      bias = graph.constant(Tensor(all, shape: [all.count]))
    }
    let operands: [Value?] = [group[0].x, group[0].weights, bias, nil] + group.dropFirst().map(\.weights)
    let name = graph.label(of: group[0].node)
    let joint = try graph.apply(group[0].linear, operands, resultCount: 1, named: name)[0]
    var column = 0
    for factor in group {
      for i in 0..<3 where values[i] == factor.value { (values[i], columns[i]) = (joint, column) }
      column += factor.width
    }
  }
}

/// A product that can stand beside others of the same rows.
private struct Factor {
  let value: Value
  let node: Node
  let linear: Linear
  let x, weights: Value
  let depth, width: Int
  let bias: Tensor?

  init?(_ value: Value, in graph: Graph) {
    guard let (linear, node) = graph.soleProducer(of: value, as: Linear.self), linear.activation == nil,
      node.operands.count <= 3, let x = node.operands[0], let weights = node.operands[1],
      let matrix = graph.constant(weights), matrix.element == .float32, matrix.sizes.count == 2
    else { return nil }
    (self.value, self.node, self.linear, self.x, self.weights) = (value, node, linear, x, weights)
    (depth, width) = linear.transB ? (matrix.sizes[1], matrix.sizes[0]) : (matrix.sizes[0], matrix.sizes[1])
    bias = node.operands.count > 2 ? graph.constant(node.operands[2]) : nil
    if node.operands.count > 2, node.operands[2] != nil, bias?.sizes != [width] { return nil }
  }

  func matches(_ other: Factor) -> Bool { x == other.x && linear == other.linear && depth == other.depth }
}

extension Graph {
  /// The value of which `part` is a run of columns, as `Split` takes them out, and the first of them.
  fileprivate func splitColumns(_ part: Value?) -> (Value, Int)? {
    guard let part, let (split, node) = producer(of: part, as: Split.self), let source = node.operands[0],
      let rank = rank(of: source), split.axis == rank - 1 || split.axis == -1, constant(source) == nil,
      let position = node.results.firstIndex(of: part)
    else { return nil }
    let sizes = node.results.map { shape(of: $0)?.last?.size }
    let before = sizes.prefix(position).compactMap(\.self)
    return before.count == position ? (source, before.reduce(0, +)) : nil
  }
}
