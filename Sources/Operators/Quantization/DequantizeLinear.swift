public import HoneIR
import HoneKernels

/// y = (x − x_zero_point) · x_scale
public struct DequantizeLinear: ExecutableOp, UpgradableOp {
  public static let since = 10
  public var axis = 1
  /// Neighbours along `axis` that share a scale; 0 for none.
  public var block_size = 0
  public var output_dtype: ElementType?
  public init() {}

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    if node.attributes["output_dtype"]?.int == 0 { node.attributes["output_dtype"] = nil }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let x = try call.tensor(0)
    try checkParameters(call, quantized: x.element)
    let scale = try call.element(1)
    return [.tensor(x.with(output_dtype ?? scale))]
  }

  /// The kernel from bytes of one scale to float32.
  private func byteKernel(_ call: Call) throws(GraphError) -> Kernel? {
    let zeroCount = call.has(2) ? try call.sizes(2).reduce(1, *) : 1
    guard try call.element(1) == .float32, try call.sizes(1).reduce(1, *) == 1, block_size == 0,
      let type = try? ByteType(try call.element(0)), try call.result().element == .float32,
      zeroCount == 1
    else { return nil }
    let chunks = Chunks(count: try call.result().elementCount!)
    let (machine, hasZero) = (InstructionSet.current, call.has(2))
    return Kernel(tasks: chunks.taskCount) { frame, tasks in
      let range = chunks.elements(tasks)
      machine.dequantize(
        frame.operandBytes(0) + range.lowerBound, frame.result(0, as: Float.self) + range.lowerBound,
        count: range.count, scale: frame.operand(1, as: Float.self)[0],
        zero: hasZero ? frame.byte(2, type, 0) : 0, type)
    }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if let kernel = try byteKernel(call) { return kernel }
    let sizes = try call.sizes(0)
    let grid = try QuantizationGrid(sizes, scale: try call.sizes(1), axis: axis, block: block_size, call)
    let parameters = try QuantizationParameters(call, count: grid.parameterCount)
    let source = try RealReader(try call.element(0))
    let target = try call.result().element
    guard [.float32, .float16, .bfloat16].contains(target) else { throw .unsupported(target) }
    let chunk = QuantizedWriter.chunk
    let rows = max(1, 4096 / max(grid.longestRow, 1))
    return Kernel(tasks: (grid.rowCount + rows - 1) / rows, scratch: parameters.scratchByteCount + chunk * 4) {
      frame, range in
      let buffer = frame.scratch.assumingMemoryBound(to: Float.self)
      let (scales, zeros) = parameters.read(frame, to: UnsafeMutableRawPointer(buffer + chunk))
      let (x, y) = (frame.operandBytes(0), frame.resultBytes())
      for index in range.lowerBound * rows..<min(range.upperBound * rows, grid.rowCount) {
        let row = grid.row(index)
        var done = 0
        while done < row.count {
          let count = min(chunk, row.count - done)
          let parameter = row.parameter + done * row.step
          let values = target == .float32 ? y.assumingMemoryBound(to: Float.self) + (row.start + done) : buffer
          source.read(x, row.start + done, count, into: values)
          scale(values, scales + parameter, zeros + parameter, row.step, count)
          if target != .float32 { y.store(values, as: target, row.start + done, count) }
          done += count
        }
      }
    }
  }

  private func scale(
    _ values: UnsafeMutablePointer<Float>, _ scales: UnsafePointer<Float>, _ zeros: UnsafePointer<Float>, _ step: Int,
    _ count: Int
  ) {
    if step == 0 {
      let (scale, zero) = (scales[0], zeros[0])
      for i in 0..<count { values[i] = (values[i] - zero) * scale }
    } else {
      for i in 0..<count { values[i] = (values[i] - zeros[i]) * scales[i] }
    }
  }
}

extension DequantizeLinear: DifferentiableOp {
  /// The cotangent of quantized values is kept in the units of what they stand for.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0], let type = g.cotangentType(of: node.operands[0]!) else { return [] }
    return [g.tensorType(of: dy).element == type.element ? dy : try g.cast(dy, to: type.element)]
  }
}
