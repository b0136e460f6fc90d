public import HoneIR
import HoneKernels

/// Y = (A − a_zero_point)·(B − b_zero_point), exact in int32.
public struct MatMulInteger: ExecutableOp {
  public static let since = 10
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    for i in 0..<2 { _ = try ByteType(try call.element(i)) }
    return [.tensor(.int32, try matrixProductShape(try call.shape(0), try call.shape(1)))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let operands = IntegerMatrixOperands(a: 0, aZero: call.has(2) ? 2 : nil, b: 1, bZero: call.has(3) ? 3 : nil)
    if let (packed, sizes) = try packedIntegerProduct(call, operands) {
      let type = try ByteType(try call.element(0))
      let product = IntegerMatrixProduct(
        m: sizes.count * sizes.m, n: sizes.n, k: sizes.k, aType: type, epilogue: IntegerEpilogue(result: .int32))
      return Kernel(tasks: product.taskCount) { frame, range in
        let zero = operands.aZero.map { frame.byte($0, type, 0) } ?? 0
        product.run(tasks: range, a: frame.operandBytes(0), aZero: .all(zero), b: packed, c: frame.resultBytes())
      }.absorbing(1)
    }
    let sizes = IntegerMatrixSizes(try call.sizes(0), try call.sizes(1))
    let (m, n) = (sizes.m, sizes.n)
    return try plainIntegerProduct(call, operands) { frame, matrix, row, sums in
      (frame.result(0, as: Int32.self) + (matrix * m + row) * n).update(from: sums, count: n)
    }
  }
}
