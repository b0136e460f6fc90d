public import HoneIR

/// y = x/(1 − ratio) where an element is kept, else 0, and a mask of the kept ones; each is dropped with probability `ratio`.
public struct RandomDropout: RowKernelOp, RandomOp {
  public static var domain: String { NHWC.domain }
  public var ratio: Float = 0.5
  public var seed: Int?
  public init() {}
  init(ratio: Float, seed: Int?) { (self.ratio, self.seed) = (ratio, seed) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard ratio >= 0, ratio < 1 else { throw GraphError(.attribute, "the ratio must be in 0 ..< 1, is \(ratio)") }
    let x = try call.tensor(0)
    return [ValueType](([.tensor(x), .tensor(x.with(.bool))] as [ValueType]).prefix(max(call.resultCount, 1)))
  }

  /// Element i is decided by word i of the run's random numbers, whatever thread comes to it.
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let chunks = Chunks(count: try call.result().elementCount!)
    let stream = RandomStream(seed: seed.map { Float($0) })
    let limit = UInt32(Double(ratio) * 0x1p32)
    let factor = 1 / (1 - T(ratio))
    let hasMask = call.resultCount > 1 && call.isUsed(1)
    return Kernel(tasks: chunks.taskCount, overwrites: [0: 0]) { frame, tasks in
      let range = chunks.elements(tasks)
      let numbers = stream.numbers(run: frame.workspace!.assumingMemoryBound(to: UInt64.self).pointee)
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let mask = hasMask ? frame.result(1, as: UInt8.self) : nil
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
        let words = numbers.block(start / 4)
        withUnsafeBytes(of: words) { bytes in
          let words = bytes.assumingMemoryBound(to: UInt32.self)
          for j in 0..<min(4, range.upperBound - start) {
            let isKept = words[j] >= limit
            y[start + j] = isKept ? x[start + j] * factor : 0
            mask?[start + j] = isKept ? 1 : 0
          }
        }
      }
    }
    .after(
      [
        .init(tasks: 1) { frame, _ in
          frame.workspace!.assumingMemoryBound(to: UInt64.self).pointee = stream.nextRun().run
        }
      ], workspace: 64)
  }
}

extension RandomDropout: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    guard node.results.count > 1 else { throw GraphError(.unsupported, "the gradient needs the mask") }
    let scaled = try g.apply(Mul(), dy, g.number(1 / (1 - Double(ratio)), like: dy))
    return [try g.apply(Where(), node.results[1], scaled, g.number(0, like: dy))]
  }
}
