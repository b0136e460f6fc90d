public import HoneIR
import HoneOperators

/// Rounds the operands of products to bfloat16 in a graph that trains, forward and backward alike: sums, weights and everything
/// else stay float32.
///
/// Runs after gradients and updates are appended. A value that several products read is rounded once; weights are rounded when
/// products pack them. Lowered graphs are not saved.
public struct NarrowTraining: Pass {
  /// Products of fewer multiply–adds per element of operands and results stay as they are: moving them costs more.
  public var leastIntensity = 64
  /// The same for batches of matrices, which stay near the processor.
  public var leastIntensityOfBatches = 12
  public init() {}

  public func run(on graph: inout Graph) throws(GraphError) { _ = try narrow(&graph) }

  /// Runs the pass, and says what became of the products.
  public func narrow(_ graph: inout Graph) throws(GraphError) -> ProductPrecisions {
    var precisions = ProductPrecisions()
    var rounded: [Value: Value] = [:]
    for node in graph.sorted() {
      guard let product = try TrainedProduct(node, in: graph) else { continue }
      let isNarrow = product.intensity >= (product.isBatch ? leastIntensityOfBatches : leastIntensity)
      let result = isNarrow ? try product.narrowed(in: &graph, &rounded) : nil
      if let result { graph.replace(node.result, with: result) }
      precisions.add(
        .init(
          name: graph.label(of: node), operatorName: node.op.name, multiplyAccumulates: product.multiplyAccumulates),
        isNarrow: result != nil)
    }
    try graph.addBiases()
    graph.removeDeadNodes()
    return precisions
  }
}

/// A product over float32 operands of known sizes.
private struct TrainedProduct {
  let node: Node
  let multiplyAccumulates: Int
  /// Multiply–adds per element of operands and results.
  let intensity: Int
  private(set) var isBatch = false
  /// The operands of a convolution that may be bfloat16.
  private var convolved: [Int] = []
  private var form = BFloat16MatMul()

  init?(_ node: Node, in graph: Graph) throws(GraphError) {
    self.node = node
    guard node.operands.count >= 2, let a = node.operands[0], let b = node.operands[1], node.results.count == 1,
      let left = graph.sizes(ofFloat: a), let right = graph.sizes(ofFloat: b),
      let result = graph.sizes(ofFloat: node.result)
    else { return nil }
    let elements = [left, right, result].reduce(0) { $0 + $1.reduce(1, *) }
    guard elements > 0, left.count > 1, right.count > 1 else { return nil }
    switch node.op {
    case let product as any NarrowableProduct:
      var call = graph.call(for: node)
      call.results = [graph.type(of: node.result)]
      convolved = try product.narrowOperands(call)
      multiplyAccumulates = try product.multiplyAccumulates(call)
      intensity = convolved.isEmpty ? 0 : multiplyAccumulates / elements
      return
    case is MatMul: break
    case let gemm as Gemm: (form.alpha, form.transA, form.transB) = (gemm.alpha, gemm.transA, gemm.transB)
    case let product as Microsoft.FusedMatMul:
      guard !product.transBatchA, !product.transBatchB else { return nil }
      (form.alpha, form.transA, form.transB) = (product.alpha, product.transA, product.transB)
    default: return nil
    }
    multiplyAccumulates = result.reduce(1, *) * left[left.count - (form.transA ? 2 : 1)]
    let isMatrix = right.count == 2 && (left.count == 2 || !form.transA)
    isBatch = right.count > 2
    let hasForm = isMatrix ? !(form.transA && form.transB) : left.dropLast(2) == right.dropLast(2)
    intensity = hasForm ? multiplyAccumulates / elements : 0
  }

  /// The node's result by way of rounded operands.
  func narrowed(in graph: inout Graph, _ rounded: inout [Value: Value]) throws(GraphError) -> Value {
    var operands = node.operands
    guard convolved.isEmpty else {
      for i in convolved { operands[i] = try graph.rounded(operands[i]!, &rounded) }
      return try graph.apply(node.op, operands, resultCount: 1, named: node.name)[0]
    }
    operands[0] = try graph.rounded(operands[0]!, &rounded)
    if form.transA || !graph.isWeight(operands[1]!) { operands[1] = try graph.rounded(operands[1]!, &rounded) }
    guard let gemm = node.op as? Gemm, let addend = node.operands.count > 2 ? node.operands[2] : nil, gemm.beta != 0
    else { return try graph.apply(form, operands[0], operands[1], named: node.name) }
    let columns = graph.tensorType(of: node.result).sizes!.last!
    if gemm.beta == 1, !form.transA, graph.sizes(ofFloat: addend) == [columns] {
      return try graph.apply(form, operands[0], operands[1], addend, named: node.name)
    }
    let scaled =
      gemm.beta == 1 ? addend : try graph.apply(Mul(), addend, graph.constant(.scalar(gemm.beta)))
    return try graph.apply(Add(), graph.apply(form, operands[0], operands[1], named: node.name), scaled)
  }
}

extension Graph {
  /// Products add the biases that follow them.
  fileprivate mutating func addBiases() throws(GraphError) {
    for node in sorted() where node.op is Add && node.operands.count == 2 {
      for (i, j) in [(0, 1), (1, 0)] {
        guard let (op, product) = soleProducer(of: node.operands[i], as: BFloat16MatMul.self), !op.transA,
          product.operands.count == 2, let weights = product.operands[1], tensorType(of: weights).rank == 2,
          let bias = node.operands[j], isWeight(bias), let sizes = tensorType(of: node.result).sizes,
          self.sizes(ofFloat: bias) == Array(sizes.suffix(1)), type(of: node.result) == type(of: product.result)
        else { continue }
        let sum = try apply(op, product.operands + [bias], resultCount: 1, named: product.name)[0]
        replace(node.result, with: sum)
        break
      }
    }
  }

  /// The concrete sizes of a float32 tensor.
  fileprivate func sizes(ofFloat value: Value) -> [Int]? {
    guard let type = type(of: value).tensor, type.element == .float32 else { return nil }
    return type.sizes
  }

  /// Whether products had better round `value` while they pack it.
  fileprivate func isWeight(_ value: Value) -> Bool {
    switch origin(of: value) {
    case .state, .constant: true
    default: false
    }
  }

  /// `value` as bfloat16. Of a reshaped one the value behind it is rounded, which others may read in another shape.
  fileprivate mutating func rounded(_ value: Value, _ known: inout [Value: Value]) throws(GraphError) -> Value {
    if let known = known[value] { return known }
    let result: Value
    if let (reshape, node) = producer(of: value, as: Reshape.self), let source = node.operands[0] {
      result = try apply(reshape, [rounded(source, &known)] + node.operands.dropFirst(), resultCount: 1)[0]
    } else {
      result = try apply(Cast(to: .bfloat16), value)
    }
    known[value] = result
    return result
  }
}
