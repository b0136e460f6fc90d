import HoneIR
import HoneOperators
import HoneRuntime

/// Computes what depends on constants only, and shapes whose sizes are known.
public struct FoldConstants: RewritePass {
  /// A result may be larger than the constants that it frees, up to this many bytes.
  public var budget = 64 * 1024
  public init() {}

  public var rewrites: [Rewrite] {
    let budget = budget
    return [
      .step("operators on constants → constant") { (graph: inout Graph) throws(GraphError) in
        try graph.foldConstants(budget: budget)
      },
      .step("known sizes → constant") { (graph: inout Graph) throws(GraphError) in try graph.foldSizes() },
      .step("constant conditions → branch") { (graph: inout Graph) throws(GraphError) in try graph.inlineBranches() },
      .step("constants into regions") { (graph: inout Graph) throws(GraphError) in try graph.bindCaptures() },
    ]
  }
}

extension Graph {
  fileprivate mutating func foldConstants(budget: Int) throws(GraphError) -> Int {
    var count = 0
    for node in sorted() {
      guard let node = self[node.id], mayFold(node) else { continue }
      var operands: [Tensor?] = []
      for operand in node.operands { operands.append(constant(operand)) }
      guard zip(node.operands, operands).allSatisfy({ $0 == nil || $1 != nil }), fits(node, budget) else { continue }
      guard let results = Self.evaluate(node.op, operands, resultCount: node.results.count) else { continue }
      guard results.allSatisfy({ $0.element != .string }) else { continue }
      for (result, tensor) in zip(node.results, results) where isRead(result) {
        replace(result, with: constant(tensor, name(of: result)))
      }
      count += 1
    }
    if count > 0 { try inferTypes() }
    return count
  }

  private func mayFold(_ node: Node) -> Bool {
    // Quantized constants stay small and keep their scales.
    let kept =
      node.op is any RandomOp || node.op is any RegionOp || node.op is DequantizeLinear || node.op is QuantizeLinear
    return !kept && !node.results.contains(where: isOutput)
  }

  /// Whether the results of `node` do not make the model much bigger.
  private func fits(_ node: Node, _ budget: Int) -> Bool {
    let sizes = node.results.map { tensorType(of: $0).byteCount }
    let freed = node.operands.reduce(0) { sum, operand in
      guard let operand, let tensor = constant(operand), userCount(of: operand) == 1 else { return sum }
      return sum + tensor.byteCount
    }
    if node.operands.isEmpty || isWeight(node.result) { return true }
    return sizes.reduce(0) { $0 + ($1 ?? .max / 4) } <= max(freed, budget)
  }

  /// Layers read `value` as their weights, perhaps in another shape.
  private func isWeight(_ value: Value, depth: Int = 0) -> Bool {
    let users = users(of: value)
    guard !users.isEmpty, depth < 4, !isOutput(value) else { return false }
    return users.allSatisfy { node in
      guard let position = node.operands.firstIndex(of: value) else { return false }
      switch node.op {
      case is Reshape, is Squeeze, is Unsqueeze, is Flatten, is Transpose, is Identity:
        return position == 0 && isWeight(node.result, depth: depth + 1)
      case is Conv, is ConvTranspose, is Gemm, is MatMul, is BatchNormalization: return position > 0
      default: return false
      }
    }
  }

  /// The results of `op` on constants; nil if it cannot run ahead of time.
  private static func evaluate(_ op: any Op, _ operands: [Tensor?], resultCount: Int) -> [Tensor]? {
    if let results = try? Interpreter.evaluate(op, operands, resultCount: resultCount) { return results }
    var graph = Graph()
    var inputs: [Tensor] = []
    var values: [Value?] = []
    for (i, operand) in operands.enumerated() {
      guard let operand else {
        values.append(nil)
        continue
      }
      values.append(graph.input("operand \(i)", operand.type))
      inputs.append(operand)
    }
    guard let outputs = try? graph.apply(op, values, resultCount: resultCount) else { return nil }
    graph.outputs = outputs
    return try? Session(graph).run(inputs)
  }

  /// Integer vectors whose elements are known although what they were computed from is not.
  fileprivate mutating func foldSizes() throws(GraphError) -> Int {
    var count = 0
    for node in sorted() where node.results.count == 1 && !isOutput(node.result) {
      guard constant(node.result) == nil, let elements = symbolic(node.result), let type = type(of: node.result).tensor
      else { continue }
      let values = elements.compactMap(\.size)
      guard values.count == elements.count, let sizes = type.sizes, sizes.reduce(1, *) == values.count else { continue }
      let tensor: Tensor
      switch type.element {
      case .int64: tensor = Tensor(values.map(Int64.init), shape: sizes)
      case .int32: tensor = Tensor(values.map { Int32(clamping: $0) }, shape: sizes)
      default: continue
      }
      replace(node.result, with: constant(tensor, name(of: node.result)))
      count += 1
    }
    if count > 0 { try inferTypes() }
    return count
  }

  /// An `If` whose condition is known becomes the branch that it takes.
  fileprivate mutating func inlineBranches() throws(GraphError) -> Int {
    var count = 0
    for node in sorted() {
      guard let node = self[node.id], let op = node.op as? If, let condition = constant(node.operands[0]),
        condition.elementCount == 1
      else { continue }
      let branch = condition.integer(at: 0) != 0 ? op.then_branch : op.else_branch
      var results = try embed(branch.graph, Array(node.operands.dropFirst()))
      for i in node.results.indices where !canReplace(node.results[i], with: results[i]) {
        results[i] = try apply(Identity(), [results[i]], resultCount: 1, resultNames: [name(of: node.results[i])])[0]
      }
      for (old, new) in zip(node.results, results) { replace(old, with: new) }
      count += 1
    }
    if count > 0 { try inferTypes() }
    return count
  }

  /// Captured values that are constants become constants of the region; those that no region reads go.
  fileprivate mutating func bindCaptures() throws(GraphError) -> Int {
    var count = 0
    for node in sorted() {
      guard let op = node.op as? any RegionOp, let captured = op.regions.first?.captureCount, captured > 0,
        op.regions.allSatisfy({ $0.captureCount == captured })
      else { continue }
      let outer = node.operands.suffix(captured)
      var graphs = op.regions.map(\.graph)
      var kept: [Value?] = []
      for (i, value) in outer.enumerated() {
        let inputs = op.regions.map { Array($0.captures)[i] }
        let isUsed = zip(graphs, inputs).contains { $0.isRead($1) }
        guard let tensor = constant(value) ?? (isUsed ? nil : .scalar(Float(0))) else {
          kept.append(value)
          continue
        }
        for g in graphs.indices { graphs[g].bind(inputs[g], to: tensor) }
      }
      guard kept.count < captured else { continue }
      setOp(of: node.id, to: op.replacing(graphs.map { Region($0, captureCount: kept.count) }))
      setOperands(of: node.id, to: node.operands.dropLast(captured) + kept)
      count += captured - kept.count
    }
    return count
  }
}
