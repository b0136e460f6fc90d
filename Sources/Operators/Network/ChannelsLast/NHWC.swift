import HoneIR

/// Channels-last forms of operators: operands and results are `[N, …, C]`. They are made by lowering and never exported.
enum NHWC {
  static let domain = "hone"

  static func toFirst<T>(_ sizes: [T]) -> [T] { [sizes[0], sizes[sizes.count - 1]] + sizes[1..<sizes.count - 1] }
  static func toLast<T>(_ sizes: [T]) -> [T] { [sizes[0]] + sizes[2...] + [sizes[1]] }

  /// `x` with its channels moved before or behind the spatial axes.
  static func transpose(_ x: Value?, toLast: Bool, in g: inout Graph) throws(GraphError) -> Value? {
    guard let x else { return nil }
    guard let rank = g.tensorType(of: x).rank else {
      throw GraphError(.unsupported, "the rank of an operand is not known")
    }
    var transpose = Transpose()
    transpose.perm = toLast ? self.toLast(Array(0..<rank)) : toFirst(Array(0..<rank))
    return try g.apply(transpose, x)
  }

  /// Applies a channels-first operator to channels-last values.
  static func apply(_ op: any Op, _ operands: [Value?], in g: inout Graph) throws(GraphError) -> Value {
    var first = operands
    first[0] = try transpose(operands[0], toLast: false, in: &g)
    return try transpose(try g.apply(op, first, resultCount: 1)[0], toLast: true, in: &g)!
  }
}
