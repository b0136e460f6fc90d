public import HoneIR
import HoneKernels

extension Microsoft {
  /// y = (a − a_zero_point)·(b − b_zero_point) · a_scale · b_scale + bias
  public struct MatMulIntegerToFloat: MicrosoftOp, ExecutableOp, CompositeOp {
    public init() {}

    public func kernel(_ call: Call) throws(GraphError) -> Kernel {
      let unsupported = GraphError(.unsupported, "has no kernel for these operands")
      let (aZero, bZero) = (call.has(4) ? 4 : nil, call.has(5) ? 5 : nil)
      guard
        let (packed, sizes) = try packedIntegerProduct(
          call, IntegerMatrixOperands(a: 0, aZero: aZero, b: 1, bZero: bZero)),
        try call.tensor(2) == TensorType(.float32, try call.sizes(2)), try call.sizes(2).reduce(1, *) == 1,
        let bScale = call.known(3), bScale.element == .float32,
        bScale.elementCount == 1 || bScale.elementCount == sizes.n
      else { throw unsupported }
      let hasBias = call.has(6)
      if hasBias {
        let bias = try call.tensor(6)
        guard bias.element == .float32, bias.elementCount == sizes.n else { throw unsupported }
      }
      let type = try ByteType(try call.element(0))
      let scales = bScale.floats
      let product = IntegerMatrixProduct(
        m: sizes.count * sizes.m, n: sizes.n, k: sizes.k, aType: type,
        epilogue: IntegerEpilogue(result: .float32, scalePerColumn: scales.count > 1))
      return Kernel(tasks: product.taskCount, scratch: scales.count * MemoryLayout<Float>.stride) { frame, range in
        let zero = aZero.map { frame.byte($0, type, 0) } ?? 0
        let aScale = frame.operand(2, as: Float.self)[0]
        let factors = frame.scratch.assumingMemoryBound(to: Float.self)
        for i in scales.indices { factors[i] = aScale * scales[i] }
        let operands = IntegerEpilogueOperands(scale: factors, bias: hasBias ? frame.operand(6, as: Float.self) : nil)
        product.run(
          tasks: range, a: frame.operandBytes(0), aZero: .all(zero), b: packed, c: frame.resultBytes(),
          operands: operands)
      }.absorbing(1)
    }

    public func expand(_ operands: [Value?], _ call: Call, in g: inout Graph) throws(GraphError) -> [Value] {
      try call.expectOperands(4...7)
      let zeros = [operands.optional(4), operands.optional(5)]
      let sums = try g.apply(MatMulInteger(), [operands[0], operands[1]] + zeros, resultCount: 1)[0]
      let scale = try g.apply(Mul(), operands[2], operands[3])
      let y = try g.apply(Mul(), try g.cast(sums, to: .float32), scale)
      return [try operands.optional(6).map { bias throws(GraphError) in try g.apply(Add(), y, bias) } ?? y]
    }
  }
}
