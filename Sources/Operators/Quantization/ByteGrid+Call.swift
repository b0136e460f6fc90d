import HoneIR
import HoneKernels

extension Call {
  /// The grid that constant operands `scale` and `zero` describe; nil if they depend on data or are several.
  func grid(_ element: ElementType, scale: Int, zero: Int) throws(GraphError) -> ByteGrid? {
    guard let scales = known(scale), scales.elementCount == 1, scales.element == .float32 else { return nil }
    guard has(zero) else { return ByteGrid(type: try ByteType(element), scale: scales.floats[0], zero: 0) }
    guard let zeros = known(zero), zeros.elementCount == 1 else { return nil }
    return ByteGrid(type: try ByteType(element), scale: scales.floats[0], zero: Int32(zeros.integers[0]))
  }
}

/// The kernel of a quantized sum or product: A, B and C with scale and zero point each, as ONNX Runtime orders them.
func byteCombination(_ function: ByteCombination.Function, _ call: Call) throws(GraphError) -> Kernel {
  let element = try call.result().element
  guard let a = try call.grid(try call.element(0), scale: 1, zero: 2),
    let b = try call.grid(try call.element(3), scale: 4, zero: 5), let c = try call.grid(element, scale: 6, zero: 7)
  else { throw GraphError(.unsupported, "has no kernel for scales or zero points that are no constants") }
  let sizes = try call.resultSizes()
  let strides = [
    broadcastStrides(of: try call.sizes(0), to: sizes), broadcastStrides(of: try call.sizes(3), to: sizes),
  ]
  let plan = ByteCombination(function, a, b, c, sizes: sizes, strides: strides)
  let count = sizes.reduce(1, *)
  var overwrites: [Int: Int] = [:]
  for i in [0, 3] where overwrites.isEmpty && call.known(i) == nil {
    if try call.sizes(i).reduce(1, *) == count { overwrites = [0: i] }
  }
  return Kernel(tasks: plan.taskCount, overwrites: overwrites) { frame, range in
    plan.run(tasks: range, a: frame.operandBytes(0), b: frame.operandBytes(3), y: frame.resultBytes())
  }
}
