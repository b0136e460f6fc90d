import HoneIR
import HoneOperators

extension RecognizeComposites {
  /// Softmax from exponentials and their sum.
  static let softmaxes: [Rule] = [
    Rule("eˣ/Σeˣ → Softmax(x)", on: Div.self) { (_, node, graph) throws(GraphError) in
      guard let (_, exponential) = graph.producer(of: node.operands[0], as: Exp.self), let x = exponential.operands[0],
        let (sum, reduction) = graph.producer(of: node.operands[1], as: ReduceSum.self), sum.keepdims,
        reduction.operands[0] == exponential.result, let axis = graph.singleAxis(reduction),
        graph.haveSameType(x, node.result),
        graph.element(of: x) == .float32
      else { return nil }
      var softmax = Softmax()
      softmax.axis = axis
      return try graph.apply(softmax, [graph.withoutMaximum(x, axis)], insteadOf: node)
    },
    Rule("log(Softmax(x)) → LogSoftmax(x)", on: Log.self) { (_, node, graph) throws(GraphError) in
      guard let (softmax, inner) = graph.soleProducer(of: node.operands[0], as: Softmax.self) else { return nil }
      var log = LogSoftmax()
      log.axis = softmax.axis
      return try graph.apply(log, inner.operands, insteadOf: node)
    },
  ]

  /// Means over all spatial axes.
  static let pools: [Rule] = [
    Rule("ReduceMean over all spatial axes → GlobalAveragePool", on: ReduceMean.self) {
      (mean, node, graph) throws(GraphError) in
      guard mean.keepdims, let x = node.operands[0], let rank = graph.rank(of: x), rank > 2,
        graph.element(of: x) == .float32,
        graph.axes(node, rank: rank)?.sorted() == Array(2..<rank), graph.isConvolutional(x)
      else { return nil }
      return try graph.apply(GlobalAveragePool(), [x], insteadOf: node)
    }
  ]
}

extension Graph {
  fileprivate func singleAxis(_ node: Node) -> Int? {
    guard let rank = rank(of: node.operands[0]), let axes = axes(node, rank: rank), axes.count == 1 else { return nil }
    return axes[0]
  }

  /// x if `value` is x − max(x), which Softmax does itself; otherwise `value`.
  fileprivate func withoutMaximum(_ value: Value, _ axis: Int) -> Value {
    guard let (_, difference) = producer(of: value, as: Sub.self), let x = difference.operands[0],
      let (maximum, reduction) = producer(of: difference.operands[1], as: ReduceMax.self), maximum.keepdims,
      reduction.operands[0] == x,
      singleAxis(reduction) == axis
    else { return value }
    return x
  }

  /// `value` is made by operators on channels and positions.
  fileprivate func isConvolutional(_ value: Value) -> Bool {
    var value = value
    for _ in 0..<4 {
      guard let node = producer(of: value), let source = node.operands.first ?? nil else { return false }
      if node.op is Conv || node.op is MaxPool || node.op is AveragePool || node.op is BatchNormalization {
        return true
      }
      value = source
    }
    return false
  }
}
