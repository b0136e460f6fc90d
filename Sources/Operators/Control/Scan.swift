public import HoneIR

/// Runs `body` for each element of one or several tensors along an axis, carrying states and stacking outputs.
public struct Scan: RegionOp, EvaluatedOp, RequiringOp {
  public var body = Region()
  public var num_scan_inputs = 0
  public var scan_input_axes: [Int] = []
  public var scan_input_directions: [Int] = []
  public var scan_output_axes: [Int] = []
  public var scan_output_directions: [Int] = []
  public init() {}
  public static var required: [String] { ["body", "num_scan_inputs"] }
  public static var since: Int { 9 }

  public var regions: [Region] {
    get { [body] }
    set { body = newValue[0] }
  }

  private func stateCount(_ operandCount: Int) -> Int { operandCount - body.captureCount - num_scan_inputs }
  private func inputAxis(_ i: Int) -> Int { i < scan_input_axes.count ? scan_input_axes[i] : 0 }
  private func outputAxis(_ i: Int) -> Int { i < scan_output_axes.count ? scan_output_axes[i] : 0 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let states = stateCount(call.count)
    let types = body.outputTypes
    guard num_scan_inputs >= 1, states >= 0, body.formalInputs.count == states + num_scan_inputs else {
      throw GraphError(
        .arity, "has \(call.count - body.captureCount) operands, its body takes \(body.formalInputs.count)")
    }
    guard types.count >= states else {
      throw GraphError(.arity, "the body gives \(types.count) values for \(states) states")
    }
    try call.expectRegionOutputs(types.count)
    let length = try scannedLength(call, from: states)
    var results: [ValueType] = []
    for (i, type) in types.enumerated() {
      guard i >= states else {
        results.append(call.operands[i].map { call.carried($0.type, type) } ?? call.withFreshSizes(type))
        continue
      }
      guard case .tensor(var element) = call.withFreshSizes(type) else {
        throw GraphError(.type, "only tensors can be stacked, the body gives \(type)")
      }
      if let rank = element.rank {
        element.shape?.insert(length, at: try call.axis(outputAxis(i - states), rank: rank + 1))
      }
      results.append(.tensor(element))
    }
    return Array(results.prefix(call.resultCount))
  }

  private func scannedLength(_ call: Call, from states: Int) throws(GraphError) -> Dimension {
    var length: Dimension?
    for i in 0..<num_scan_inputs {
      guard let shape = try call.shape(states + i) else { continue }
      let size = shape[try call.axis(inputAxis(i), rank: shape.count)]
      if let known = length?.size, let own = size.size, known != own {
        throw GraphError(.type, "scanned lengths differ: \(known) and \(own)")
      }
      if length?.size == nil { length = size }
    }
    return length ?? call.unknownSize()
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let stateCount = stateCount(operands.count)
    var states = Array(operands[..<stateCount])
    let captures = operands.suffix(body.captureCount)
    var scanned: [(tensor: Tensor, axis: Int, isReversed: Bool)] = []
    for i in 0..<num_scan_inputs {
      let tensor = try operands.tensor(stateCount + i)
      let axis = inputAxis(i) < 0 ? inputAxis(i) + tensor.sizes.count : inputAxis(i)
      scanned.append((tensor, axis, i < scan_input_directions.count && scan_input_directions[i] == 1))
    }
    let length = scanned[0].tensor.sizes[scanned[0].axis]
    guard scanned.allSatisfy({ $0.tensor.sizes[$0.axis] == length }) else {
      throw GraphError(.input, "scanned lengths differ")
    }
    var collected: [[Tensor]] = Array(repeating: [], count: body.graph.outputs.count - stateCount)

    for turn in 0..<length {
      var inputs = states
      for (tensor, axis, isReversed) in scanned {
        inputs.append(.tensor(try tensor.element(isReversed ? length - 1 - turn : turn, along: axis)))
      }
      let results = try context.run(body, inputs + captures)
      states = results[..<stateCount].map { $0 }
      for (i, value) in results[stateCount...].enumerated() { collected[i].append(try [value].tensor(0)) }
    }

    var results: [RuntimeValue] = []
    for case let state? in states { results.append(state) }
    for (i, tensors) in collected.enumerated() {
      let type = body.outputTypes[stateCount + i]
      let isReversed = i < scan_output_directions.count && scan_output_directions[i] == 1
      let rank = (tensors.first?.sizes.count ?? type.tensor?.rank ?? 0) + 1
      let axis = outputAxis(i) < 0 ? outputAxis(i) + rank : outputAxis(i)
      results.append(.tensor(try stack(isReversed ? tensors.reversed() : tensors, as: type, along: axis)))
    }
    return Array(results.prefix(context.resultCount))
  }
}

extension Scan: UpgradableOp {
  /// Operator set 8 scans each entry of a batch on its own: a scan over the batch whose body scans the entry.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 9 else { return }
    guard case .region(let body)? = node.attributes["body"], let scanned = node.attributes["num_scan_inputs"]?.int
    else { return }
    guard !node.has(0) else { throw GraphError(.unsupported, "sequence_lens of Scan in operator set 8") }
    node.operands.removeFirst()

    var entry = Graph()
    var operands: [Value?] = []
    let captureStart = body.graph.inputs.count - body.captureCount
    for (i, input) in body.graph.inputs.enumerated() {
      var type = body.graph.type(of: input)
      if i < captureStart, i >= captureStart - scanned, case .tensor(let element) = type {
        type = .tensor(element.with(shape: element.shape.map { [.symbol("scan length")] + $0 }))
      }
      operands.append(entry.input(body.graph.name(of: input), type))
    }
    var inner = Scan()
    (inner.body, inner.num_scan_inputs) = (body, scanned)
    inner.scan_input_directions = node.attributes.removeValue(forKey: "directions")?.ints ?? []
    entry.outputs = try entry.apply(inner, operands, resultCount: body.graph.outputs.count)
    node.attributes["body"] = .region(Region(entry, captureCount: body.captureCount))
    node.attributes["num_scan_inputs"] = .int(captureStart)
  }
}
