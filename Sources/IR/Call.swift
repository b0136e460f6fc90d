/// What is known of one operand while inferring types or choosing kernels.
public struct Operand: Sendable {
  public var type: ValueType
  /// The value, if it is a constant or was computed while planning.
  public var known: Tensor?
  /// The elements of an integer vector or scalar whose sizes are symbols.
  public var symbolic: [Dimension]?
  public init(_ type: ValueType, known: Tensor? = nil, symbolic: [Dimension]? = nil) {
    (self.type, self.known, self.symbolic) = (type, known, symbolic)
  }
}

/// One application of an operator: its operands, the results that are wanted, and the place that planning gives kernels.
public struct Call: Sendable {
  public var operands: [Operand?]
  /// How many results the node has.
  public var resultCount: Int
  /// The inferred types; empty while inferring.
  public var results: [ValueType] = []
  /// Results that somebody reads; kernels may skip the others.
  public var usedResults: [Bool] = []
  /// Threads that will run the kernel.
  public var threads = 1
  /// Packed forms of constants, shared by all plans of a model.
  public var weights: PackedWeights
  /// Kernels may be tried within this budget; absent, a model of costs chooses alone.
  public var race: RaceBudget?
  /// Notes which values were asked for and not known.
  public var wanted: WantedValues?

  public init(_ operands: [Operand?], resultCount: Int = 1, weights: PackedWeights = PackedWeights()) {
    (self.operands, self.resultCount, self.weights) = (operands, resultCount, weights)
  }
}

extension Call {
  public var count: Int { operands.count }
  public func has(_ i: Int) -> Bool { i < operands.count && operands[i] != nil }
  public func isUsed(_ result: Int) -> Bool { result < usedResults.count ? usedResults[result] : result < resultCount }

  /// The tensor type of operand `i`.
  public func tensor(_ i: Int) throws(GraphError) -> TensorType {
    guard i < operands.count, let operand = operands[i] else { throw GraphError(.arity, "operand \(i) is missing") }
    guard case .tensor(let type) = operand.type else {
      throw GraphError(.type, "operand \(i) must be a tensor, is \(operand.type)")
    }
    return type
  }
  public func optionalTensor(_ i: Int) throws(GraphError) -> TensorType? { has(i) ? try tensor(i) : nil }
  public func element(_ i: Int) throws(GraphError) -> ElementType { try tensor(i).element }
  public func shape(_ i: Int) throws(GraphError) -> [Dimension]? { try tensor(i).shape }
  /// The sizes of operand `i`, which must be concrete, as they are when kernels are chosen.
  public func sizes(_ i: Int) throws(GraphError) -> [Int] {
    let type = try tensor(i)
    guard let sizes = type.sizes else {
      throw GraphError(.dataDependent, "the sizes of operand \(i) are not known: \(type)")
    }
    return sizes
  }
  /// The sizes of result `i`, which must be concrete.
  public func resultSizes(_ i: Int = 0) throws(GraphError) -> [Int] { try result(i).sizes! }
  public func result(_ i: Int = 0) throws(GraphError) -> TensorType {
    guard i < results.count, case .tensor(let type) = results[i], type.isConcrete else {
      throw GraphError(.dataDependent, "the sizes of result \(i) are not known")
    }
    return type
  }
  /// The value of operand `i` if it is known; nil also if the operand is absent.
  public func known(_ i: Int) -> Tensor? {
    guard i < operands.count, let operand = operands[i] else { return nil }
    if operand.known == nil { wanted?.note(i) }
    return operand.known
  }
  /// The value of operand `i`, which decides about shapes or kernels.
  public func requireKnown(_ i: Int, _ what: String) throws(GraphError) -> Tensor {
    guard let tensor = known(i) else { throw GraphError(.dataDependent, "\(what) (operand \(i)) depends on data") }
    return tensor
  }
  /// The elements of operand `i`, an integer vector or scalar, if they are known at least as symbols.
  public func symbolic(_ i: Int) -> [Dimension]? {
    guard i < operands.count, let operand = operands[i] else { return nil }
    if let known = operand.known, known.element.isInteger || known.element == .bool, known.elementCount <= 64 {
      return known.integers.map(Dimension.fixed)
    }
    if operand.known == nil { wanted?.note(i) }
    return operand.symbolic
  }
  /// A size that only data will tell.
  public func unknownSize() -> Dimension { .symbol(UnknownSizes.next()) }

  /// Fails unless there are `range` operands.
  public func expectOperands(_ range: ClosedRange<Int>) throws(GraphError) {
    guard range.contains(operands.count) else {
      let wanted =
        range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      throw GraphError(.arity, "takes \(wanted) operands, has \(operands.count)")
    }
  }
  /// `axis` counted from the front; fails if it lies outside `rank` axes.
  public func axis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
    guard axis >= -rank, axis < rank else {
      throw GraphError(.attribute, "axis \(axis) is outside −\(rank)…\(rank - 1)")
    }
    return axis < 0 ? axis + rank : axis
  }
}
