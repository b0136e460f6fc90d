public import HoneIR
import HoneOperators
import HoneRuntime

/// Writes out every turn of `Loop` and `Scan`, and the branch that an `If` with a known condition takes, so that no regions
/// are left that gradients would have to go through.
///
/// A loop ends by its trip count or by its condition; whichever ends it must follow from constants and sizes. Throws
/// `.unsupported`, naming the node, where it depends on data and where there are more than `limit` turns. An `If` whose
/// condition depends on data stays.
public struct UnrollLoops: Pass {
  /// Turns of one loop.
  public var limit = 1024
  public init() {}
  public init(limit: Int) { self.limit = limit }

  public func run(on graph: inout Graph) throws(GraphError) {
    // What a region holds lies in the graph once the region is written out, and may be a loop itself.
    var isDone = false
    while !isDone {
      isDone = true
      for node in graph.sorted() {
        let results = try locating(node.place) { () throws(GraphError) -> [Value]? in
          switch node.op {
          case let op as If: try graph.written(op, node)
          case let op as Loop: try graph.written(op, node, limit: limit)
          case let op as Scan: try graph.written(op, node, limit: limit)
          default: nil
          }
        }
        guard var results else { continue }
        for i in node.results.indices where !graph.canReplace(node.results[i], with: results[i]) {
          let name = graph.name(of: node.results[i])
          results[i] = try graph.apply(Identity(), [results[i]], resultCount: 1, resultNames: [name])[0]
        }
        for (old, new) in zip(node.results, results) { graph.replace(old, with: new) }
        isDone = false
      }
      graph.removeDeadNodes()
      try graph.inferTypes()
    }
  }
}

extension Graph {
  fileprivate mutating func written(_ op: If, _ node: Node) throws(GraphError) -> [Value]? {
    guard let condition = try known(node.operands[0]), condition.elementCount == 1 else { return nil }
    let branch = condition.integer(at: 0) != 0 ? op.then_branch : op.else_branch
    return try embed(branch.graph, Array(node.operands.dropFirst()))
  }

  fileprivate mutating func written(_ op: Loop, _ node: Node, limit: Int) throws(GraphError) -> [Value] {
    let carriedCount = node.operands.count - 2 - op.body.captureCount
    var count = Int.max
    if let operand = node.operands[0] {
      guard let known = try known(operand) else { throw GraphError(.unsupported, "the trip count depends on data") }
      count = known.integer(at: 0)
    }
    let asksCondition = node.operands[1] != nil
    var goesOn = try asksCondition ? isTrue(node.operands[1]) : true
    var carried = Array(node.operands[2..<2 + carriedCount])
    let captures = node.operands.suffix(op.body.captureCount)
    var collected: [[Value]] = Array(repeating: [], count: op.body.graph.outputs.count - 1 - carriedCount)
    var turn = 0
    while turn < count && goesOn {
      guard turn < limit else {
        throw GraphError(.unsupported, "has more than \(limit) turns, the most that are written out")
      }
      let number = scalar(.scalar(Int64(turn)), forInput: 0, of: op.body)
      let condition = scalar(.scalar(goesOn), forInput: 1, of: op.body)
      let results = try embed(op.body.graph, [number, condition] + carried + captures)
      if asksCondition { goesOn = try isTrue(results[0]) }
      // Counters stay constants from turn to turn.
      carried = []
      for result in results[1..<1 + carriedCount] { carried.append(try settled(result)) }
      for (i, result) in results[(1 + carriedCount)...].enumerated() { collected[i].append(result) }
      turn += 1
    }
    var results: [Value] = []
    for value in carried {
      guard let value else { throw GraphError(.input, "a carried value is absent and no turn is run") }
      results.append(value)
    }
    for (i, values) in collected.enumerated() {
      results.append(try stacked(values, along: 0, like: op.body.graph.outputs[1 + carriedCount + i], of: op.body))
    }
    return results
  }

  fileprivate mutating func written(_ op: Scan, _ node: Node, limit: Int) throws(GraphError) -> [Value] {
    let scanStart = node.operands.count - op.body.captureCount - op.num_scan_inputs
    let captures = node.operands.suffix(op.body.captureCount)
    var length: Int?
    var elements: [[Value]] = []
    for i in 0..<op.num_scan_inputs {
      guard let sequence = node.operands[scanStart + i], let shape = shape(of: sequence) else {
        throw GraphError(.unsupported, "the shape of scanned operand \(i) is not known")
      }
      let axis = try Self.axis(i < op.scan_input_axes.count ? op.scan_input_axes[i] : 0, shape.count)
      guard let size = shape[axis].size else {
        throw GraphError(.unsupported, "the scanned length \(shape[axis]) is not a number")
      }
      guard size <= limit else {
        throw GraphError(.unsupported, "has \(size) turns; at most \(limit) are written out")
      }
      guard length ?? size == size else { throw GraphError(.type, "scanned lengths differ") }
      length = size
      let isReversed = i < op.scan_input_directions.count && op.scan_input_directions[i] == 1
      let parts = try slices(of: sequence, along: axis, count: size)
      elements.append(isReversed ? parts.reversed() : parts)
    }
    var states = Array(node.operands[..<scanStart])
    var collected: [[Value]] = Array(repeating: [], count: op.body.graph.outputs.count - scanStart)
    for turn in 0..<(length ?? 0) {
      let results = try embed(op.body.graph, states + elements.map { $0[turn] } + captures)
      states = results[..<scanStart].map { $0 }
      for (i, result) in results[scanStart...].enumerated() { collected[i].append(result) }
    }
    var results = states.compactMap(\.self)
    for (i, values) in collected.enumerated() {
      let isReversed = i < op.scan_output_directions.count && op.scan_output_directions[i] == 1
      results.append(
        try stacked(
          isReversed ? values.reversed() : values,
          along: i < op.scan_output_axes.count ? op.scan_output_axes[i] : 0,
          like: op.body.graph.outputs[scanStart + i], of: op.body))
    }
    return results
  }

  private static func axis(_ axis: Int, _ rank: Int) throws(GraphError) -> Int {
    guard axis >= -rank, axis < rank else { throw GraphError(.attribute, "axis \(axis) of rank \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  /// A constant of one element in the shape that input `i` of a region declares: [] or [1].
  private mutating func scalar(_ tensor: Tensor, forInput i: Int, of region: Region) -> Value {
    let isVector = region.graph.tensorType(of: region.graph.inputs[i]).rank == 1
    return constant(isVector ? tensor.reshaped([1]) : tensor)
  }

  /// The slices of `value` along an axis, without that axis.
  private mutating func slices(of value: Value, along axis: Int, count: Int) throws(GraphError) -> [Value] {
    guard count > 0 else { return [] }
    var split = Split()
    (split.axis, split.num_outputs) = (axis, count)
    let axes = constant(.integers([axis]))
    var parts: [Value] = []
    for part in try apply(split, [value], resultCount: count) { parts.append(try apply(Squeeze(), part, axes)) }
    return parts
  }

  /// What the turns gave, stacked; without a turn, an empty tensor of the type that `output` of `region` has.
  private mutating func stacked(_ values: [Value], along axis: Int, like output: Value, of region: Region)
    throws(GraphError) -> Value
  {
    guard !values.isEmpty else {
      let type = region.graph.tensorType(of: output)
      var sizes = (type.shape ?? []).map { $0.size ?? 0 }
      sizes.insert(0, at: min(max(axis, 0), sizes.count))
      return constant(.zeros(TensorType(type.element, sizes)))
    }
    let axes = constant(.integers([axis]))
    var parts: [Value?] = []
    for value in values { parts.append(try apply(Unsqueeze(), value, axes)) }
    var concat = Concat()
    concat.axis = axis
    return try apply(concat, parts, resultCount: 1)[0]
  }
}

// MARK: What follows from constants
extension Graph {
  private func isTrue(_ condition: Value?) throws(GraphError) -> Bool {
    guard let known = try known(condition), known.elementCount == 1 else {
      throw GraphError(.unsupported, "the condition depends on data")
    }
    return known.integer(at: 0) != 0
  }

  /// A constant for `value` if it is a small number that follows from constants, else `value`.
  private mutating func settled(_ value: Value) throws(GraphError) -> Value {
    guard constant(value) == nil, case .tensor(let type) = type(of: value), !type.element.isFloatingPoint,
      let known = try known(value)
    else { return value }
    return constant(known, name(of: value))
  }

  /// The numbers of `value`, at most 64, if they follow from constants and sizes.
  private func known(_ value: Value?, depth: Int = 0) throws(GraphError) -> Tensor? {
    guard let value else { return nil }
    if let tensor = constant(value) { return tensor }
    guard depth < 64, case .tensor(let type) = type(of: value), type.element != .string,
      let sizes = type.sizes, sizes.reduce(1, *) <= 64
    else { return nil }
    if type.element == .int64, let integers = integers(value) { return Tensor.integers(integers).reshaped(sizes) }
    guard let node = producer(of: value), !(node.op is any RegionOp) else { return nil }
    var operands: [Tensor?] = []
    for operand in node.operands {
      guard let operand else {
        operands.append(nil)
        continue
      }
      guard let tensor = try known(operand, depth: depth + 1) else { return nil }
      operands.append(tensor)
    }
    guard let place = node.results.firstIndex(of: value) else { return nil }
    return try Interpreter.evaluate(node.op, operands, resultCount: node.results.count)?[place]
  }
}
