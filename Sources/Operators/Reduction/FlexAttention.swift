public import HoneIR

/// y = prob_mod(softmax(score_mod(scale·q·kᵀ)))·v for each head, where the graphs `score_mod` and `prob_mod` are optional.
public struct FlexAttention: CompositeOp, RegionOp {
  public var prob_mod: Region?
  public var score_mod: Region?
  public var scale: Float?
  public var softmax_precision: ElementType?
  public init() {}
  public static var domain: String { "ai.onnx.preview" }

  public var regions: [Region] {
    get { [prob_mod, score_mod].compactMap { $0 } }
    set {
      var rest = newValue
      if prob_mod != nil { prob_mod = rest.removeFirst() }
      if score_mod != nil { score_mod = rest.removeFirst() }
    }
  }
  private var captureCount: Int { regions.map(\.captureCount).max() ?? 0 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3 + captureCount...3 + captureCount)
    let (q, k, v) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    guard q.element == k.element, k.element == v.element else {
      throw GraphError(.type, "element types differ: \(q), \(k), \(v)")
    }
    for type in [q, k, v] where type.rank != nil && type.rank != 4 { throw GraphError(.type, "needs 4 axes: \(type)") }
    guard let query = q.shape, let value = v.shape else { return [.tensor(q.with(shape: nil))] }
    return [.tensor(q.with(shape: [query[0], query[1], query[2], value[3]]))]
  }

  public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
    let (q, k, v) = (try call.sizes(0), try call.sizes(1), try call.sizes(2))
    let element = try call.element(0)
    guard k[1] > 0, q[1] % k[1] == 0, v[1] == k[1], v[2] == k[2], k[3] == q[3] else {
      throw GraphError(.type, "query, key and value do not fit: \(q), \(k), \(v)")
    }
    let precision = softmax_precision ?? (element == .float64 ? .float64 : .float32)
    let wide: ElementType = element == .float64 ? .float64 : .float32
    let factor = scale ?? 1 / Float(q[3]).squareRoot()
    let constant = g.constant(wide == .float64 ? .scalar(Double(factor)) : .scalar(factor))
    let captures = Array(operands.suffix(captureCount))

    let scaled = try g.apply(Mul(), g.apply(Cast(to: wide), operands[0]), constant)
    var transpose = Transpose()
    transpose.perm = [0, 1, 2, 4, 3]
    let keys = try grouped(g.apply(Cast(to: wide), operands[1]), k, 1, &g)
    let products = try g.apply(MatMul(), grouped(scaled, q, q[1] / k[1], &g), g.apply(transpose, keys))
    var scores = try reshaped(g.apply(Cast(to: precision), products), [q[0], q[1], q[2], k[2]], &g)
    if let score_mod { scores = try g.embed(score_mod.graph, [scores] + captures)[0] }
    var shares = try g.apply(Softmax(), scores)
    if let prob_mod { shares = try g.embed(prob_mod.graph, [shares] + captures)[0] }
    let values = try grouped(g.apply(Cast(to: precision), operands[2]), v, 1, &g)
    let sums = try g.apply(MatMul(), grouped(shares, [q[0], q[1], q[2], k[2]], q[1] / k[1], &g), values)
    return [try g.apply(Cast(to: element), reshaped(sums, [q[0], q[1], q[2], v[3]], &g))]
  }

  /// Heads as groups of `count`.
  private func grouped(_ value: Value, _ sizes: [Int], _ count: Int, _ g: inout Graph) throws(GraphError) -> Value {
    try reshaped(value, [sizes[0], sizes[1] / count, count, sizes[2], sizes[3]], &g)
  }
  private func reshaped(_ value: Value, _ sizes: [Int], _ g: inout Graph) throws(GraphError) -> Value {
    try g.apply(Reshape(), value, g.constant(.integers(sizes)))
  }
}
