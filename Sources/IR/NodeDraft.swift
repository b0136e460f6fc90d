/// A node as a file has it, before its operator is made.
public struct NodeDraft: Sendable {
  public var domain: String
  public var type: String
  public var name: String
  public var attributes: Attributes
  public var operands: [Value?]
  public var resultCount: Int
  /// Set by an upgrade that built other nodes: the values to use for the results.
  public var replacement: [Value]?

  public init(domain: String, type: String, name: String, attributes: Attributes, operands: [Value?], resultCount: Int)
  {
    (self.domain, self.type, self.name) = (domain, type, name)
    (self.attributes, self.operands, self.resultCount) = (attributes, operands, resultCount)
  }

  public func has(_ i: Int) -> Bool { i < operands.count && operands[i] != nil }

  /// Turns attribute `name`, a number or list of numbers, into operand `i`.
  public mutating func attributeToOperand(
    _ name: String, _ i: Int, in graph: inout Graph, element: ElementType = .int64
  ) {
    guard let attribute = attributes.removeValue(forKey: name) else { return }
    let tensor: Tensor
    switch attribute {
    case .ints(let x): tensor = Tensor(x.map(Int64.init), shape: [x.count])
    case .int(let x): tensor = Tensor([Int64(x)], shape: [1])
    case .float(let x): tensor = .scalar(x)
    case .floats(let x): tensor = Tensor(x, shape: [x.count])
    case .tensor(let x): tensor = x
    default: return
    }
    while operands.count <= i { operands.append(nil) }
    operands[i] = graph.constant(tensor)
  }
}
