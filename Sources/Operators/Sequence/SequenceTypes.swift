import HoneIR

extension Call {
  /// The type of the elements of operand `i`, a sequence.
  func sequenceElement(_ i: Int) throws(GraphError) -> ValueType {
    guard i < operands.count, let operand = operands[i] else { throw GraphError(.arity, "operand \(i) is missing") }
    guard case .sequence(let element) = operand.type else {
      throw GraphError(.type, "operand \(i) must be a sequence, is \(operand.type)")
    }
    return element
  }
}

extension RuntimeValue {
  /// The type of the elements, if this is a sequence.
  var sequenceElement: ValueType? { if case .sequence(_, let element) = self { element } else { nil } }
}

/// `position` counted from the front of `count` places.
func place(_ position: Int, of count: Int) throws(GraphError) -> Int {
  let place = position < 0 ? position + count : position
  guard place >= 0, place < count else {
    throw GraphError(.input, "position \(position) lies outside a sequence of \(count)")
  }
  return place
}
