import HoneIR

extension Call {
  /// A type that fits values of both types: what differs or cannot be compared becomes unknown.
  func merged(_ a: ValueType, _ b: ValueType) throws(GraphError) -> ValueType {
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)):
      guard x.element == y.element else { throw GraphError(.type, "\(a) and \(b) differ in element type") }
      guard let left = x.shape, let right = y.shape, left.count == right.count else {
        return .tensor(x.with(shape: nil))
      }
      return .tensor(x.with(shape: zip(left, right).map { $0 == $1 ? $0 : unknownSize() }))
    case (.sequence(let x), .sequence(let y)): return .sequence(try merged(x, y))
    case (.optional(let x), .optional(let y)): return .optional(try merged(x, y))
    case (.optional(let x), let y), (let y, .optional(let x)): return try merged(x, y)
    case (.map(let k, let x), .map(let l, let y)) where k == l: return .map(key: k, value: try merged(x, y))
    default: throw GraphError(.type, "\(a) and \(b) differ")
    }
  }

  /// `type` with fresh names for sizes that are not numbers, because the names mean nothing where the value goes.
  func withFreshSizes(_ type: ValueType) -> ValueType {
    switch type {
    case .tensor(let tensor):
      return .tensor(tensor.with(shape: tensor.shape?.map { $0.size == nil ? unknownSize() : $0 }))
    case .sequence(let element): return .sequence(withFreshSizes(element))
    case .optional(let element): return .optional(withFreshSizes(element))
    case .map(let key, let value): return .map(key: key, value: withFreshSizes(value))
    }
  }

  /// Fails unless a region that gives `count` values serves the results of this call.
  func expectRegionOutputs(_ count: Int) throws(GraphError) {
    guard count >= resultCount else {
      throw GraphError(.arity, "has \(resultCount) results, its region gives \(count)")
    }
  }
}

extension Region {
  /// The types of its results.
  var outputTypes: [ValueType] { graph.outputs.map { graph.type(of: $0) } }

  /// `tensor`, one element, in the shape that input `i` declares: [] or [1].
  func scalar(_ tensor: Tensor, forInput i: Int) -> RuntimeValue {
    let declared = graph.tensorType(of: graph.inputs[i]).shape
    return .tensor(declared?.count == 1 ? tensor.reshaped([1]) : tensor)
  }

  /// `value` as an optional, if input `i` is declared as one.
  func fitted(_ value: RuntimeValue?, forInput i: Int) -> RuntimeValue? {
    guard case .optional(let element) = graph.type(of: graph.inputs[i]) else { return value }
    if case .optional? = value { return value }
    return .optional(value, of: element)
  }
}

extension Array where Element == RuntimeValue? {
  /// The single truth value at `i`.
  func condition(_ i: Int) throws(GraphError) -> Bool {
    let tensor = try tensor(i)
    guard tensor.elementCount == 1 else {
      throw GraphError(.input, "a condition has one element, this is \(tensor.type)")
    }
    return tensor.integer(at: 0) != 0
  }
}
