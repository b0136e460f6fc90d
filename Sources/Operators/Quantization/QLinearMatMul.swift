public import HoneIR
import HoneKernels

/// y = saturate(round((a − a_zero_point)·(b − b_zero_point) · a_scale · b_scale / y_scale) + y_zero_point)
public struct QLinearMatMul: ExecutableOp {
  public static let since = 10
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(8...8)
    return [.tensor(try call.element(7), try matrixProductShape(try call.shape(0), try call.shape(3)))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let operands = IntegerMatrixOperands(a: 0, aZero: 2, b: 3, bZero: 5)
    if let kernel = try packedKernel(call, operands) { return kernel }
    let (a, b) = (try call.sizes(0), try call.sizes(3))
    let sizes = IntegerMatrixSizes(a, b)
    let (m, n) = (sizes.m, sizes.n)
    let (aCount, bCount) = (try call.sizes(1).reduce(1, *), try call.sizes(4).reduce(1, *))
    let aIndex = try ParameterIndex(count: aCount, size: m, matrices: a.dropLast(2).reduce(1, *), "rows")
    let bIndex = try ParameterIndex(count: bCount, size: n, matrices: b.dropLast(2).reduce(1, *), "columns")
    guard try call.sizes(6).reduce(1, *) == 1, try call.sizes(7).reduce(1, *) == 1 else {
      throw GraphError(.unsupported, "has no kernel for results with several scales")
    }
    let readers = (
      a: try RealReader(try call.element(1)), b: try RealReader(try call.element(4)),
      y: try RealReader(try call.element(6))
    )
    let type = try ByteType(try call.element(7))
    return try plainIntegerProduct(call, operands) { frame, matrix, row, sums in
      var (aScale, bScale, yScale): (Float, Float, Float) = (1, 1, 1)
      readers.a.read(frame.operandBytes(1), aIndex(sizes.a[matrix], row), 1, into: &aScale)
      readers.y.read(frame.operandBytes(6), 0, 1, into: &yScale)
      let zero = Float(frame.byte(7, type, 0))
      let start = (matrix * m + row) * n
      for column in 0..<n {
        if column == 0 || bCount > 1 {
          readers.b.read(frame.operandBytes(4), bIndex(sizes.b[matrix], column), 1, into: &bScale)
        }
        let value = Float(sums[column]) * (aScale * bScale / yScale)
        if type == .int8 {
          frame.result(0, as: Int8.self)[start + column] = Int8(truncatingIfNeeded: saturated(value, zero, -128, 127))
        } else {
          frame.result(0, as: UInt8.self)[start + column] = UInt8(truncatingIfNeeded: saturated(value, zero, 0, 255))
        }
      }
    }
  }

  /// The kernel for constant b, scales and result parameters.
  private func packedKernel(_ call: Call, _ operands: IntegerMatrixOperands) throws(GraphError) -> Kernel? {
    guard let aScale = call.known(1), let bScale = call.known(4), let yScale = call.known(6), let yZero = call.known(7),
      aScale.elementCount == 1, yScale.elementCount == 1, yZero.elementCount == 1,
      let (packed, sizes) = try packedIntegerProduct(call, operands),
      bScale.elementCount == 1 || bScale.elementCount == sizes.n
    else { return nil }
    let scales = bScale.floats.map { aScale.floats[0] * $0 / yScale.floats[0] }
    let (type, result) = (try ByteType(try call.element(0)), try ByteType(yZero.element))
    let epilogue = IntegerEpilogue(
      result: .quantized(result, scale: 1, zero: Int32(yZero.integers[0])), scalePerColumn: scales.count > 1)
    let product = IntegerMatrixProduct(
      m: sizes.count * sizes.m, n: sizes.n, k: sizes.k, aType: type, epilogue: epilogue)
    return Kernel(tasks: product.taskCount) { frame, range in
      let zero = frame.byte(2, type, 0)
      scales.withUnsafeBufferPointer { scales in
        product.run(
          tasks: range, a: frame.operandBytes(0), aZero: .all(zero), b: packed, c: frame.resultBytes(),
          operands: IntegerEpilogueOperands(scale: scales.baseAddress))
      }
    }.absorbing(3)
  }
}
