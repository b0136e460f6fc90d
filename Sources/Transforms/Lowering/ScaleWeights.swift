import HoneIR
import HoneOperators

/// Lets fp32 convolutions of large images multiply their weights instead of their input, where factors of its channels come
/// before them, as squeeze-and-excitation makes them. It comes last, since other rewrites do not know such convolutions.
public struct ScaleWeights: RewritePass {
  public init() {}

  public var rewrites: [Rewrite] {
    [
      .rules([
        Rule("NHWCConv(x·s) → NHWCConv(x, s)", on: NHWCConv.self) { (conv, node, graph) throws(GraphError) in
          guard let value = node.operands[0], graph.element(of: value) == .float32, node.operands.count <= 4,
            let (_, product) = graph.soleProducer(of: value, as: Mul.self),
            let weights = graph.constant(node.operands[1])?.sizes,
            let (x, factors) = graph.scaled(product),
            let positions = graph.positions(of: x), conv.scalesWeights(weights, positions: positions)
          else { return nil }
          var operands = [x] + node.operands.dropFirst()
          while operands.count < 4 { operands.append(nil) }
          return try graph.apply(conv, operands + [factors], insteadOf: node)
        }
      ])
    ]
  }
}

extension Graph {
  /// Images `[N, …, C]` and factors `[N, 1, …, C]` that are no constants.
  fileprivate func scaled(_ product: Node) -> (x: Value, factors: Value)? {
    guard let a = product.operands[0], let b = product.operands[1] else { return nil }
    for (x, factors) in [(a, b), (b, a)] {
      guard constant(factors) == nil, haveSameType(x, product.result), let image = shape(of: x),
        let shape = shape(of: factors), shape.count == image.count, image.count > 2, shape.first == image.first,
        shape.last == image.last, shape.dropFirst().dropLast().allSatisfy({ $0.size == 1 })
      else { continue }
      return (x, factors)
    }
    return nil
  }

  /// Positions of an image, if they are known.
  fileprivate func positions(of value: Value) -> Int? {
    guard let sizes = shape(of: value)?.dropFirst().dropLast().map(\.size), !sizes.contains(nil) else { return nil }
    return sizes.reduce(1) { $0 * $1! }
  }
}
