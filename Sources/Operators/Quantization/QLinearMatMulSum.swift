public import HoneIR
import HoneKernels

/// `QLinearMatMul` and the `QLinearAdd` after it, with constant weights and parameters. Made by lowering, never exported.
///
/// Operands 6 and 7 are of the sum. After them follow a quantized addend, `[…, M, N]` or one row `[N]` for all, its scale and
/// its zero point, and scale and zero point of the grid to which products are rounded before it is added.
public struct QLinearMatMulSum: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(13...13)
    return [.tensor(try call.element(7), try matrixProductShape(try call.shape(0), try call.shape(3)))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let operands = IntegerMatrixOperands(a: 0, aZero: 2, b: 3, bZero: 5)
    guard let (packed, sizes) = try packedIntegerProduct(call, operands),
      let (scales, epilogue) = try finish(call, columns: sizes.n)
    else { throw GraphError(.unsupported, "has no kernel for weights, scales or zero points that are no constants") }
    let isRow = try call.sizes(8) == [sizes.n]
    let isWhole = try call.sizes(8) == call.resultSizes()
    guard isRow || isWhole else {
      throw GraphError(.type, "the addend must have the shape of the result or of one row: \(try call.tensor(8))")
    }
    let type = try ByteType(try call.element(0))
    let product = IntegerMatrixProduct(
      m: sizes.count * sizes.m, n: sizes.n, k: sizes.k, aType: type, epilogue: epilogue)
    return Kernel(tasks: product.taskCount, overwrites: isRow ? [:] : [0: 8]) { frame, range in
      let (zero, addend) = (frame.byte(2, type, 0), frame.operandBytes(8))
      scales.withUnsafeBufferPointer { scales in
        product.run(
          tasks: range, a: frame.operandBytes(0), aZero: .all(zero), b: packed, c: frame.resultBytes(),
          operands: IntegerEpilogueOperands(
            scale: scales.baseAddress, residual: addend, residualStride: isRow ? 0 : nil))
      }
    }.absorbing(3)
  }

  private func finish(_ call: Call, columns: Int) throws(GraphError) -> (scales: [Float], IntegerEpilogue)? {
    guard let aScale = call.known(1), let bScale = call.known(4), let yScale = call.known(6), let yZero = call.known(7),
      let scale = call.known(9), let zero = call.known(10), let innerZero = call.known(12),
      [aScale, yScale, yZero, scale, zero].allSatisfy({ $0.elementCount == 1 }),
      bScale.elementCount == 1 || bScale.elementCount == columns,
      let inner = try call.grid(innerZero.element, scale: 11, zero: 12)
    else { return nil }
    let epilogue = IntegerEpilogue(
      result: .quantized(
        try ByteType(yZero.element), scale: 1 / yScale.floats[0], zero: Int32(yZero.integers[0])),
      scalePerColumn: bScale.elementCount > 1,
      residual: .quantized(try ByteType(zero.element), scale: scale.floats[0], zero: Int32(zero.integers[0])),
      inner: inner)
    return (bScale.floats.map { aScale.floats[0] * $0 / inner.scale }, epilogue)
  }
}
