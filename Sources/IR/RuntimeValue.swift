/// A value while a graph runs.
public indirect enum RuntimeValue: Sendable {
  case tensor(Tensor)
  case sequence([RuntimeValue], of: ValueType)
  case optional(RuntimeValue?, of: ValueType)
  case map([MapKey: RuntimeValue], key: ElementType, value: ValueType)

  public enum MapKey: Hashable, Sendable, Comparable {
    case integer(Int)
    case string(String)
  }

  public var type: ValueType {
    switch self {
    case .tensor(let tensor): .tensor(tensor.type)
    case .sequence(_, let element): .sequence(element)
    case .optional(_, let element): .optional(element)
    case .map(_, let key, let value): .map(key: key, value: value)
    }
  }
  public var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }
  public var sequence: [RuntimeValue]? { if case .sequence(let items, _) = self { items } else { nil } }
}

/// What evaluated operators may ask of the runtime.
public struct EvaluationContext: ~Copyable {
  /// How many results the node has.
  public let resultCount: Int
  /// Runs a region on values for its inputs.
  public let run: (Region, [RuntimeValue?]) throws(GraphError) -> [RuntimeValue]
  public init(resultCount: Int, run: @escaping (Region, [RuntimeValue?]) throws(GraphError) -> [RuntimeValue]) {
    (self.resultCount, self.run) = (resultCount, run)
  }
}

extension Array where Element == RuntimeValue? {
  /// The tensor at `i`, or an error.
  public func tensor(_ i: Int) throws(GraphError) -> Tensor {
    guard i < count, let value = self[i] else { throw GraphError(.arity, "operand \(i) is missing") }
    guard let tensor = value.tensor else { throw GraphError(.type, "operand \(i) must be a tensor, is \(value.type)") }
    return tensor
  }
  /// The sequence at `i`, or an error.
  public func sequence(_ i: Int) throws(GraphError) -> [RuntimeValue] {
    guard i < count, let value = self[i] else { throw GraphError(.arity, "operand \(i) is missing") }
    guard let items = value.sequence else {
      throw GraphError(.type, "operand \(i) must be a sequence, is \(value.type)")
    }
    return items
  }
  public func optionalTensor(_ i: Int) -> Tensor? { i < count ? self[i]?.tensor : nil }
}
