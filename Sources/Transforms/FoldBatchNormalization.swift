import HoneIR
import HoneOperators

/// Moves normalizations, and sums and products with constants per channel, into the weights of the operator before or after.
public struct FoldBatchNormalization: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] { [.rules(Self.after + Self.before)] }

  private static let after: [Rule] = [
    Rule("BatchNormalization(layer(x)) → layer(x)", on: BatchNormalization.self) {
      (norm, node, graph) throws(GraphError) in
      guard node.results.count == 1, let affine = ChannelAffine(norm, node, in: graph), let x = node.operands[0] else {
        return nil
      }
      return try graph.absorb(node, into: x, axis: 1) { affine.scale.count == $0 ? affine : nil }
    },
    elementwise("layer(x) · c → layer(x)", on: Mul.self),
    elementwise("layer(x) / c → layer(x)", on: Div.self),
    elementwise("layer(x) + c → layer(x)", on: Add.self),
    elementwise("layer(x) − c → layer(x)", on: Sub.self),
  ]

  private static func elementwise<O: Op>(_ name: String, on _: O.Type) -> Rule {
    Rule(name, on: O.self) { (_, node, graph) throws(GraphError) in
      guard let (x, _, _) = graph.withConstant(node), let rank = graph.rank(of: x), rank > 1 else { return nil }
      let axis = graph.producer(of: x, as: MatMul.self) == nil ? 1 : rank - 1
      let copy = graph
      return try graph.absorb(node, into: x, axis: axis) {
        ChannelAffine.elementwise(node, axis: axis, count: $0, in: copy)?.affine
      }
    }
  }

  private static let before: [Rule] = [
    Rule("Conv(BatchNormalization(x)) → Conv(x)", on: Conv.self) { (conv, node, graph) throws(GraphError) in
      guard let (norm, source) = graph.soleProducer(of: node.operands[0], as: BatchNormalization.self),
        source.results.count == 1,
        let affine = ChannelAffine(norm, source, in: graph), let weights = graph.ownWeights(node.operands[1]),
        let bias = graph.bias(node, at: 2, count: weights.sizes[0])
      else { return nil }
      let hasPadding =
        conv.auto_pad == .sameLower || conv.auto_pad == .sameUpper
        || (conv.auto_pad == .notSet && conv.pads.contains { $0 != 0 })
      guard !hasPadding || affine.isScaleOnly else { return nil }
      let (filters, perGroup) = (weights.sizes[0], weights.sizes[1])
      guard affine.scale.count == perGroup * conv.group, filters % conv.group == 0 else { return nil }
      let window = weights.elementCount / max(filters * perGroup, 1)
      var values = weights.values(as: Float.self)
      var shifts = bias ?? [Float](repeating: 0, count: filters)
      for m in 0..<filters {
        let first = m / (filters / conv.group) * perGroup
        for c in 0..<perGroup {
          let start = (m * perGroup + c) * window
          var sum: Float = 0
          for i in start..<(start + window) {
            sum += values[i]
            values[i] *= affine.scale[first + c]
          }
          shifts[m] += sum * affine.shift[first + c]
        }
      }
      let operands = [
        source.operands[0], graph.constant(weights.with(floats: values), graph.name(of: node.operands[1]!)),
        graph.constant(Tensor(shifts, shape: [filters])),
      ]
      return try graph.apply(conv, operands, insteadOf: node)
    },
    Rule("Gemm(BatchNormalization(x)) → Gemm(x)", on: Gemm.self) { (gemm, node, graph) throws(GraphError) in
      guard !gemm.transA, let (norm, source) = graph.soleProducer(of: node.operands[0], as: BatchNormalization.self),
        source.results.count == 1,
        let affine = ChannelAffine(norm, source, in: graph), let weights = graph.ownWeights(node.operands[1])
      else { return nil }
      let (k, n) = gemm.transB ? (weights.sizes[1], weights.sizes[0]) : (weights.sizes[0], weights.sizes[1])
      guard affine.scale.count == k, let bias = graph.bias(node, at: 2, count: n) else { return nil }
      var values = weights.values(as: Float.self)
      var shifts = (bias ?? [Float](repeating: 0, count: n)).map { $0 * gemm.beta }
      for row in 0..<k {
        for column in 0..<n {
          let i = gemm.transB ? column * k + row : row * n + column
          shifts[column] += gemm.alpha * values[i] * affine.shift[row]
          values[i] *= affine.scale[row]
        }
      }
      var merged = gemm
      merged.beta = 1
      let operands = [
        source.operands[0], graph.constant(weights.with(floats: values), graph.name(of: node.operands[1]!)),
        graph.constant(Tensor(shifts, shape: [n])),
      ]
      return try graph.apply(merged, operands, insteadOf: node)
    },
  ]
}
