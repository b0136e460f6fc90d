import HoneIR
import HoneOperators

extension Simplify {
  /// Initial states that are zero need not be given.
  static let recurrences: [Rule] = [
    zeroStates("LSTM from zero states", on: LSTM.self, [5, 6]),
    zeroStates("GRU from a zero state", on: GRU.self, [5]),
    zeroStates("RNN from a zero state", on: RNN.self, [5]),
  ]

  private static func zeroStates<O: Op>(_ name: String, on _: O.Type, _ positions: [Int]) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) in
      var operands = node.operands
      for i in positions where i < operands.count && graph.isZero(operands[i]) { operands[i] = nil }
      while case .some(nil) = operands.last { operands.removeLast() }
      guard operands.count(where: { $0 != nil }) < node.operands.count(where: { $0 != nil }) else { return nil }
      graph.setOperands(of: node.id, to: operands)
      return node.result
    }
  }
}

extension Graph {
  /// All elements are zero, whatever the sizes.
  fileprivate func isZero(_ value: Value?) -> Bool {
    guard let value else { return false }
    if constant(value) != nil { return uniform(value) == 0 }
    guard let node = producer(of: value) else { return false }
    switch node.op {
    case let fill as ConstantOfShape: return fill.value.map { $0.elementCount == 1 && $0.double(at: 0) == 0 } ?? true
    case is Expand, is Reshape, is Slice, is Unsqueeze, is Squeeze, is Transpose, is Tile, is Cast, is Identity,
      is Gather:
      return isZero(node.operands[0])
    default: return false
    }
  }
}
