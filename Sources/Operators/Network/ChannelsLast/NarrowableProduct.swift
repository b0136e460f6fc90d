public import HoneIR

/// An operator that sums products of float32 operands, some of which may be bfloat16 instead; its result stays float32.
public protocol NarrowableProduct: Op {
  /// The operands that may be bfloat16, all of them at once; empty where operands of these types have no such form.
  ///
  /// Weights among the others are rounded to bfloat16 when they are packed.
  func narrowOperands(_ call: Call) throws(GraphError) -> [Int]
  /// Multiply–accumulate operations of operands of these types.
  func multiplyAccumulates(_ call: Call) throws(GraphError) -> Int
}
