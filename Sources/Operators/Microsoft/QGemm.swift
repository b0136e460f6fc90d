public import HoneIR
import HoneKernels

extension Microsoft {
  /// Y = alpha · a_scale · b_scale · (op(A)·op(B) + C), quantized if scale and zero point of Y are given.
  public struct QGemm: MicrosoftOp, ExecutableOp, CompositeOp {
    public var alpha: Float = 1
    public var transA = false
    public var transB = false
    public init() {}

    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      let unsupported = GraphError(.unsupported, "has no kernel for these operands")
      guard !transA, !transB,
        let (packed, sizes) = try packedIntegerProduct(
          call, IntegerMatrixOperands(a: 0, aZero: call.has(2) ? 2 : nil, b: 3, bZero: call.has(5) ? 5 : nil)),
        let aScale = call.known(1), let bScale = call.known(4), aScale.elementCount == 1, aScale.element == .float32,
        bScale.elementCount == 1 || bScale.elementCount == sizes.n, bScale.element == .float32
      else { throw unsupported }
      let type = try ByteType(try call.element(0))
      var factor = aScale.floats[0] * alpha
      var result = IntegerEpilogue.Result.float32
      if call.has(7) {
        guard let y = try call.grid(try call.result().element, scale: 7, zero: 8) else { throw unsupported }
        result = .quantized(y.type, scale: 1, zero: y.zero)
        factor /= y.scale
      }
      let hasBias = call.has(6)
      if hasBias {
        let bias = try call.tensor(6)
        guard bias.element == .int32, bias.elementCount == sizes.n else { throw unsupported }
      }
      let scales = bScale.floats.map { $0 * factor }
      let product = IntegerMatrixProduct(
        m: sizes.count * sizes.m, n: sizes.n, k: sizes.k, aType: type,
        epilogue: IntegerEpilogue(result: result, scalePerColumn: scales.count > 1))
      let hasZero = call.has(2)
      return Kernel(tasks: product.taskCount) { frame, range in
        let zero = hasZero ? frame.byte(2, type, 0) : 0
        scales.withUnsafeBufferPointer { scales in
          let operands = IntegerEpilogueOperands(
            scale: scales.baseAddress, integerBias: hasBias ? frame.operand(6, as: Int32.self) : nil)
          product.run(
            tasks: range, a: frame.operandBytes(0), aZero: .all(zero), b: packed, c: frame.resultBytes(),
            operands: operands)
        }
      }.absorbing(3)
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(6...9)
      let a = transA ? try g.transpose(operands[0], [1, 0]) : operands[0]
      let b = transB ? try g.transpose(operands[3], [1, 0]) : operands[3]
      var sums = try g.apply(MatMulInteger(), a, b, operands[2], operands[5])
      if let c = operands.optional(6) { sums = try g.apply(Add(), sums, c) }
      var scale = try g.apply(Mul(), operands[1], operands[4])
      if alpha != 1 { scale = try g.apply(Mul(), scale, try g.scalar(Double(alpha), like: scale)) }
      let y = try g.apply(Mul(), try g.cast(sums, to: .float32), scale)
      guard operands.optional(7) != nil else { return [y] }
      return [try g.quantize(y, operands[7], operands.optional(8), like: operands[0])]
    }
  }
}
