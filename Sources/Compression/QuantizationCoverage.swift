import HoneIR

/// Which weighted sums became integer operators, and why the others did not.
public struct QuantizationCoverage: Sendable, Codable {
  public struct Row: Sendable, Codable {
    public var name: String
    public var `operator`: String
    public var quantized: Bool
    public var reason: String?
    public var macs: Int
    public var weightBytes: Int

    enum CodingKeys: String, CodingKey {
      case name, `operator`, quantized, reason, macs
      case weightBytes = "weight_bytes"
    }
  }
  public var rows: [Row]

  init(_ graph: Graph, _ selection: QuantizationSelection) {
    let reasons = Dictionary(selection.kept.map { ($0.node.id, $0.reason) }, uniquingKeysWith: { a, _ in a })
    let types = Dictionary(
      uniqueKeysWithValues: graph.inputs.compactMap { input -> (Value, ValueType)? in
        guard case .tensor(let type) = graph.type(of: input), let shape = type.shape else { return nil }
        return (input, .tensor(type.element, shape.map { .fixed($0.size ?? 1) }))
      })
    let macs = Self.work(graph, types)
    rows = graph.sorted().filter { $0.op is any WeightedOp }.enumerated().map { i, node in
      let weights = node.operands.count > 1 ? graph.constant(node.operands[1]) : nil
      return Row(
        name: node.name.isEmpty ? graph.name(of: node.result) : node.name, operator: node.op.name,
        quantized: reasons[node.id] == nil,
        reason: reasons[node.id], macs: i < macs.count ? macs[i] : 0, weightBytes: weights?.byteCount ?? 0)
    }
  }

  /// Multiply–accumulates of each weighted sum in order, for the given input types.
  private static func work(_ graph: Graph, _ types: [Value: ValueType]) -> [Int] {
    guard let bound = try? graph.rebuilt(inputTypes: types) else { return [] }
    return bound.sorted().compactMap { node in
      guard let op = node.op as? any WeightedOp else { return nil }
      var call = bound.call(for: node)
      call.results = node.results.map { bound.type(of: $0) }
      return op.multiplyAccumulates(call)
    }
  }

  /// Share of multiply–accumulates that integers do.
  public var macShare: Double { share(\.macs) }
  /// Share of weight bytes that became integers.
  public var byteShare: Double { share(\.weightBytes) }
  private func share(_ path: KeyPath<Row, Int>) -> Double {
    let all = rows.reduce(0) { $0 + $1[keyPath: path] }
    return all == 0 ? 0 : Double(rows.filter(\.quantized).reduce(0) { $0 + $1[keyPath: path] }) / Double(all)
  }
}
