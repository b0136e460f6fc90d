import HoneIR
import HoneOperators

/// Which nodes of a graph become integer operators, and which values between them are quantized.
struct QuantizationSelection {
  /// Weighted sums with constant weights, in order.
  private(set) var products: [Node] = []
  /// All nodes with an integer form, in order.
  private(set) var nodes: [Node] = []
  /// Values that get a pair, in order.
  private(set) var values: [Value] = []
  /// Values whose range is observed.
  private(set) var observed: [Value] = []
  /// Values that take the parameters of another.
  private(set) var sharing: [(value: Value, source: Value)] = []
  /// Why weighted sums stay in float.
  private(set) var kept: [(node: Node, reason: String)] = []

  init(_ graph: Graph, _ options: Quantize) throws(GraphError) {
    let order = graph.sorted()
    let excluded = try NodePatterns(options.nodes_to_exclude)
    try excluded.expectMatches(in: order)
    var chosen: Set<Node.ID> = []
    for node in order where node.op is any WeightedOp {
      if let reason = Self.reasonToKeep(node, graph, options, excluded) {
        kept.append((node, reason))
      } else {
        chosen.insert(node.id)
        products.append(node)
      }
    }
    let others = order.filter { node in
      guard node.op is any QuantizableOp, Self.isFloat(graph, node.result), !excluded.match(node) else { return false }
      return options.op_types.isEmpty || options.op_types.contains(node.op.name)
    }
    chosen.formUnion(Self.joining(others, chosen, graph))
    nodes = order.filter { chosen.contains($0.id) }
    collectValues(graph, chosen)
  }

  private static func isFloat(_ graph: Graph, _ value: Value) -> Bool {
    graph.tensorType(of: value).element == .float32
  }

  private static func reasonToKeep(_ node: Node, _ graph: Graph, _ options: Quantize, _ excluded: NodePatterns)
    -> String?
  {
    guard let op = node.op as? any WeightedOp, let layout = op.weightLayout(graph.call(for: node)) else {
      return "it has no integer form with these attributes"
    }
    if excluded.match(node) { return "excluded" }
    if !options.op_types.isEmpty, !options.op_types.contains(node.op.name) {
      return "not among the operators to quantize"
    }
    guard let weights = graph.constant(node.operands[layout.operand]) else { return "its weights are computed" }
    guard weights.element == .float32 else { return "its weights are \(weights.element.rawValue)" }
    if let bias = layout.bias, bias < node.operands.count, let value = node.operands[bias], graph.constant(value) == nil
    {
      return "its bias is computed"
    }
    guard let input = node.operands[0], isFloat(graph, input), graph.constant(input) == nil else {
      return "its input is a constant"
    }
    return nil
  }

  /// Other nodes that join: all their inputs come from chosen nodes or are quantized anyway, and a chosen node reads them.
  private static func joining(_ others: [Node], _ products: Set<Node.ID>, _ graph: Graph) -> Set<Node.ID> {
    var joined = Set(others.map(\.id))
    var changed = true
    while changed {
      changed = false
      for node in others where joined.contains(node.id) {
        let chosen = joined.union(products)
        let isFed = dataOperands(node).allSatisfy { value in
          guard graph.constant(value) == nil else { return false }
          if let producer = graph.producer(of: value) {
            return chosen.contains(producer.id) || isRead(value, by: products, graph)
          }
          return isRead(value, by: products, graph)
        }
        let isUsed = node.results.contains { graph.users(of: $0).contains { chosen.contains($0.id) } }
        if !isFed || (!isUsed && !reducesData(node)) {
          joined.remove(node.id)
          changed = true
        }
      }
    }
    return joined
  }

  private static func reducesData(_ node: Node) -> Bool {
    (node.op as? any QuantizableOp)?.quantizationRole == .activates
  }

  private static func isRead(_ value: Value, by nodes: Set<Node.ID>, _ graph: Graph) -> Bool {
    graph.users(of: value).contains { nodes.contains($0.id) }
  }

  static func dataOperands(_ node: Node) -> [Value] {
    if node.op is any WeightedOp { return node.operands[0].map { [$0] } ?? [] }
    let range = (node.op as? any QuantizableOp)?.quantizableOperands ?? 0..<node.operands.count
    return node.operands.indices.filter { range.contains($0) }.compactMap { node.operands[$0] }
  }

  /// The values that get a pair: inputs of chosen nodes, and their results where a chosen node reads them.
  private mutating func collectValues(_ graph: Graph, _ chosen: Set<Node.ID>) {
    var seen: Set<Value> = []
    for node in nodes {
      for value in Self.dataOperands(node) where seen.insert(value).inserted {
        // An activation narrows the sum it follows; the pair comes after it.
        if (node.op as? any QuantizableOp)?.quantizationRole == .activates, let producer = graph.producer(of: value),
          chosen.contains(producer.id), graph.userCount(of: value) == 1
        {
          continue
        }
        values.append(value)
      }
    }
    let position = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
    for value in values {
      if let producer = graph.producer(of: value), chosen.contains(producer.id),
        (producer.op as? any QuantizableOp)?.quantizationRole == .carries, let source = producer.operands[0],
        position[source] != nil
      {
        sharing.append((value, source))
      } else {
        observed.append(value)
      }
    }
  }
}
