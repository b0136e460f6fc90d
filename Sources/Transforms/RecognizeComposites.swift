import HoneIR
import HoneOperators

/// Finds operators that exporters wrote as their formulas.
public struct RecognizeComposites: RewritePass {
  /// The newest operator set whose operators may be used.
  public var opset = 20
  public init() {}

  public var rewrites: [Rewrite] {
    let rules =
      Self.activations + Self.normalizations + (opset >= 23 ? Self.rootMeanSquare : []) + Self.softmaxes + Self.pools
    return [.rules(rules)]
  }
}

extension Graph {
  /// `op` on operand 0 of `match`, if that has the type of `node`'s result and is float32.
  mutating func apply(_ op: any Op, to match: FormulaMatch, insteadOf node: Node) throws(GraphError) -> Value? {
    let x = match.operands[0]!
    guard element(of: x) == .float32, haveSameType(x, node.result), constant(x) == nil else { return nil }
    return try apply(op, [x], insteadOf: node)
  }
}
