import HoneIR

/// The elements of operand `i` as sizes, if it is an integer or boolean vector or scalar.
func symbolicVector(_ call: Call, _ i: Int) -> [Dimension]? {
  guard i < call.count, let type = call.operands[i]?.type.tensor, let rank = type.rank, rank <= 1,
    type.element.isInteger || type.element == .bool
  else { return nil }
  return call.symbolic(i)
}

/// `body` of the elements of operands 0 and 1, integer vectors or scalars that broadcast; nil if any cannot be told.
func symbolicElements(_ call: Call, _ body: (Dimension, Dimension) -> Dimension?) -> [Dimension]? {
  guard let a = symbolicVector(call, 0), let b = symbolicVector(call, 1) else { return nil }
  guard a.count == b.count || a.count == 1 || b.count == 1 else { return nil }
  var result: [Dimension] = []
  for i in 0..<(a.count == 1 ? b.count : a.count) {
    guard let value = body(a[a.count == 1 ? 0 : i], b[b.count == 1 ? 0 : i]) else { return nil }
    result.append(value)
  }
  return result
}

extension Dimension {
  /// The quotient rounded toward zero, where that is certain.
  func truncatedQuotient(_ divisor: Dimension) -> Dimension? {
    if let a = size, let b = divisor.size {
      return b == 0 ? nil : .fixed(a.dividedReportingOverflow(by: b).partialValue)
    }
    guard divisor.size != 0 else { return nil }
    let quotient = self / divisor
    if isNonNegative && divisor.isNonNegative { return quotient }
    return quotient * divisor == self ? quotient : nil
  }
}
