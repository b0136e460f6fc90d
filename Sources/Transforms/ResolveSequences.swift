import HoneIR
import HoneOperators

/// Sequences whose members are known values go: what reads a member reads the value, and what joins them is a `Concat`.
public struct ResolveSequences: RewritePass {
  public init() {}
  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("SequenceAt(sequence of known members, constant) → member", on: SequenceAt.self) {
          (_, node, graph) throws(GraphError) in
          guard let position = graph.integers(node.operands[1])?.first,
            let members = try graph.members(of: node.operands[0])
          else { return nil }
          let place = position < 0 ? position + members.count : position
          guard members.indices.contains(place) else { return nil }
          return members[place]
        },
        Rule("SequenceLength(sequence of known members) → constant", on: SequenceLength.self) {
          (_, node, graph) throws(GraphError) in
          guard let members = try graph.members(of: node.operands[0]) else { return nil }
          return graph.constant(.scalar(Int64(members.count)))
        },
        Rule("ConcatFromSequence(sequence of known members) → Concat", on: ConcatFromSequence.self) {
          (op, node, graph) throws(GraphError) in
          guard var members = try graph.members(of: node.operands[0]), !members.isEmpty else { return nil }
          if op.new_axis {
            let axes = graph.constant(.integers([op.axis]))
            for i in members.indices { members[i] = try graph.apply(Unsqueeze(), members[i], axes) }
          }
          var concat = Concat()
          concat.axis = op.axis
          return try graph.apply(concat, members, insteadOf: node)
        },
      ])
    ]
  }
}

extension Graph {
  /// The tensors in a sequence, if it was made of values that are known one by one.
  fileprivate mutating func members(of sequence: Value?) throws(GraphError) -> [Value]? {
    guard let sequence, let node = producer(of: sequence) else { return nil }
    switch node.op {
    case is SequenceEmpty: return []
    case is SequenceConstruct: return node.operands.compactMap(\.self)
    case is Identity: return try members(of: node.operands[0])
    case is SequenceInsert:
      guard var members = try members(of: node.operands[0]), let tensor = node.operands[1],
        let place = place(node, operand: 2, default: members.count, count: members.count),
        (0...members.count).contains(place)
      else { return nil }
      members.insert(tensor, at: place)
      return members
    case is SequenceErase:
      guard var members = try members(of: node.operands[0]),
        let place = place(node, operand: 1, default: -1, count: members.count), members.indices.contains(place)
      else { return nil }
      members.remove(at: place)
      return members
    case let op as SplitToSequence: return try parts(op, node)
    default: return nil
    }
  }

  /// Where an optional operand points in a sequence of `count`; nil if that depends on data.
  private func place(_ node: Node, operand i: Int, default place: Int, count: Int) -> Int? {
    var position = place
    if i < node.operands.count, let operand = node.operands[i] {
      guard let known = integers(operand)?.first else { return nil }
      position = known
    }
    return position < 0 ? position + count : position
  }

  private mutating func parts(_ op: SplitToSequence, _ node: Node) throws(GraphError) -> [Value]? {
    guard let tensor = node.operands[0], let shape = shape(of: tensor) else { return nil }
    let axis = op.axis < 0 ? op.axis + shape.count : op.axis
    guard shape.indices.contains(axis), let size = shape[axis].size else { return nil }
    var lengths = Array(repeating: 1, count: size)
    let isCut = node.operands.count > 1 && node.operands[1] != nil
    if isCut {
      guard let given = integers(node.operands[1]), let first = given.first, first > 0 else { return nil }
      lengths =
        rank(of: node.operands[1]) == 0 ? stride(from: 0, to: size, by: first).map { min(first, size - $0) } : given
    }
    var split = Split()
    split.axis = axis
    var parts = try apply(split, [tensor, constant(.integers(lengths))], resultCount: lengths.count)
    if !isCut && !op.keepdims {
      let axes = constant(.integers([axis]))
      for i in parts.indices { parts[i] = try apply(Squeeze(), parts[i], axes) }
    }
    return parts
  }
}
