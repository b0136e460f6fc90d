public import HoneIR

/// The Fourier transforms of windowed frames of a signal, `frame_step` apart.
public struct STFT: ExecutableOp {
  public var onesided = true
  public init() {}
  public static var since: Int { 17 }

  /// The length of a frame, if it is known.
  private func frameLength(_ call: Call, _ signal: Dimension) throws(GraphError) -> Dimension? {
    if call.has(3) { return call.symbolic(3)?.first }
    guard call.has(2) else { return signal }
    return try call.shape(2)?.first
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    let input = try call.tensor(0)
    guard let shape = input.shape else {
      return [.tensor(input.with(shape: (0..<4).map { $0 == 3 ? 2 : call.unknownSize() }))]
    }
    guard shape.count == 3 else { throw GraphError(.type, "takes [batch×length×parts], not \(input)") }
    let step = call.symbolic(1)?.first
    guard let length = try frameLength(call, shape[1]) else {
      return [.tensor(input.with(shape: [shape[0], call.unknownSize(), call.unknownSize(), 2]))]
    }
    if let size = length.size, size < 1 { throw GraphError(.type, "frames of length \(size)") }
    if let size = length.size, let signal = shape[1].size, size > signal {
      throw GraphError(.type, "frames of \(size) in a signal of \(signal)")
    }
    var frames = call.unknownSize()
    if let step {
      if let size = step.size, size < 1 { throw GraphError(.type, "a step of \(size)") }
      frames = (shape[1] - length) / step + 1
    }
    return [.tensor(input.with(shape: [shape[0], frames, onesided ? length / 2 + 1 : length, 2]))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let access = try DoubleAccess(call.element(0))
    let step = try call.requireKnown(1, "the step").integer(at: 0)
    if call.has(3) { _ = try call.requireKnown(3, "the length of frames") }
    guard let length = try frameLength(call, .fixed(sizes[1]))?.size else {
      throw GraphError(.dataDependent, "the length of frames is not known")
    }
    let hasWindow = call.has(2)
    if hasWindow {
      let window = try call.tensor(2)
      guard window.sizes == [length], window.element == access.element else {
        throw GraphError(.type, "a window \(window) for frames of \(length)")
      }
    }
    let resultSizes = try call.resultSizes()
    let (parts, frames, bins) = (sizes[2], resultSizes[1], resultSizes[2])
    let line = SignalLine(
      transform: FourierTransform<Double>(length), access: access, isInverse: false, isHalf: onesided, parts: parts,
      resultParts: 2, count: length, resultCount: bins)
    let tasks = sizes[0] * frames
    return Kernel(tasks: tasks, scratch: line.scratchByteCount + length * 8) { frame, range in
      let window = frame.scratch.assumingMemoryBound(to: Double.self)
      if hasWindow { access.load(frame.operandBytes(2), from: 0, count: length, into: window) }
      for task in range where task < tasks {
        let start = (task / frames * sizes[1] + task % frames * step) * parts
        line.run(
          frame.operandBytes(0), from: start, step: parts, to: frame.resultBytes(), from: task * bins * 2, step: 2,
          window: hasWindow ? UnsafePointer(window) : nil, scratch: UnsafeMutableRawPointer(window + length))
      }
    }
  }
}
