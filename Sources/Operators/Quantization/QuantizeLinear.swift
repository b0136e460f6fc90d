public import HoneIR
import HoneKernels

/// y = saturate(round(x / y_scale) + y_zero_point)
public struct QuantizeLinear: ExecutableOp, UpgradableOp {
  public static let since = 10
  public var axis = 1
  /// Neighbours along `axis` that share a scale; 0 for none.
  public var block_size = 0
  public var output_dtype: ElementType?
  /// The type in which x / y_scale is computed; that of the scale if absent.
  public var precision: ElementType?
  /// Values beyond the range of a float8 type become its largest one.
  public var saturate = true
  public init() {}

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    for name in ["output_dtype", "precision"] where node.attributes[name]?.int == 0 { node.attributes[name] = nil }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let x = try call.tensor(0)
    guard [.float32, .float16, .bfloat16, .float64, .int32].contains(x.element) else {
      throw GraphError(.type, "operand 0 must be floating-point or int32: \(x)")
    }
    let element = try call.optionalTensor(2)?.element ?? output_dtype ?? .uint8
    try checkParameters(call, quantized: element)
    if let output_dtype, output_dtype != element {
      throw GraphError(.type, "output_dtype \(output_dtype.rawValue) differs from the zero point's \(element.rawValue)")
    }
    return [.tensor(x.with(element))]
  }

  /// The kernel from float32 to bytes of one scale.
  private func byteKernel(_ call: Call) throws(GraphError) -> Kernel? {
    let zeroCount = call.has(2) ? try call.sizes(2).reduce(1, *) : 1
    guard try call.element(0) == .float32, try call.element(1) == .float32, try call.sizes(1).reduce(1, *) == 1,
      block_size == 0, precision ?? .float32 == .float32, let type = try? ByteType(try call.result().element),
      zeroCount == 1
    else { return nil }
    let chunks = Chunks(count: try call.result().elementCount!)
    let (machine, hasZero) = (InstructionSet.current, call.has(2))
    return Kernel(tasks: chunks.taskCount) { frame, tasks in
      let range = chunks.elements(tasks)
      machine.quantize(
        frame.operand(0, as: Float.self) + range.lowerBound, frame.resultBytes() + range.lowerBound, count: range.count,
        scale: frame.operand(1, as: Float.self)[0], zero: hasZero ? frame.byte(2, type, 0) : 0, type)
    }
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if let kernel = try byteKernel(call) { return kernel }
    let sizes = try call.sizes(0)
    let grid = try QuantizationGrid(sizes, scale: try call.sizes(1), axis: axis, block: block_size, call)
    let parameters = try QuantizationParameters(call, count: grid.parameterCount)
    let target = try call.result().element
    let scale = try call.element(1)
    let rounding = precision ?? scale
    let writer = try QuantizedWriter(target, rounding: rounding, saturates: saturate)
    let reader = try RealReader(try call.element(0))
    let isPlain = try call.element(0) == .float32
    let rows = max(1, 4096 / max(grid.longestRow, 1))
    let tasks = target.bitWidth < 8 ? 1 : (grid.rowCount + rows - 1) / rows
    let perTask = target.bitWidth < 8 ? max(grid.rowCount, 1) : rows
    return Kernel(tasks: tasks, scratch: parameters.scratchByteCount + 2 * QuantizedWriter.chunk * 4) { frame, range in
      let buffer = frame.scratch.assumingMemoryBound(to: Float.self)
      let quotients = buffer + QuantizedWriter.chunk
      let (scales, zeros) = parameters.read(frame, to: UnsafeMutableRawPointer(quotients + QuantizedWriter.chunk))
      let (x, y) = (frame.operandBytes(0), frame.resultBytes())
      if target.bitWidth < 8 {
        y.initializeMemory(as: UInt8.self, repeating: 0, count: target.byteCount(grid.elementCount))
      }
      for index in range.lowerBound * perTask..<min(range.upperBound * perTask, grid.rowCount) {
        let row = grid.row(index)
        var done = 0
        while done < row.count {
          let count = min(QuantizedWriter.chunk, row.count - done)
          let first = row.start + done
          var source = UnsafePointer(buffer)
          if isPlain {
            source = UnsafePointer(x.assumingMemoryBound(to: Float.self) + first)
          } else {
            reader.read(x, first, count, into: buffer)
          }
          let parameter = row.parameter + done * row.step
          writer.write(
            source, scales + parameter, zeros + parameter, step: row.step, quotients, to: y, first, count)
          done += count
        }
      }
    }
  }
}

extension QuantizeLinear: DifferentiableOp {
  /// The straight-through estimate (Bengio et al., 2013): the cotangent, which is in the units of x, where x is not clipped.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    var gradient = QuantizeGradient()
    (gradient.axis, gradient.block_size) = (axis, block_size)
    gradient.to = g.tensorType(of: node.result).element
    let operands = [node.operands[0], node.operands[1], node.operands.optional(2), dy]
    return try g.apply(gradient, operands, resultCount: 1)
  }
}
