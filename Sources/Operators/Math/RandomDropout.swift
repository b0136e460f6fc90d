public import HoneIR
import HoneKernels

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

  /// Which elements are dropped depends on the run and on their place, whatever thread comes to them.
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let count = try call.result().elementCount!
    let stream = RandomStream(seed: seed.map { Float($0) })
    let dropping = Dropping(ratio: ratio)
    let factor = 1 / (1 - T(ratio))
    let hasMask = call.resultCount > 1 && call.isUsed(1)
    let chunk = 4096
    let byteCount = 2 * chunk * MemoryLayout<Float>.stride
    return Kernel(tasks: (count + chunk - 1) / chunk, scratch: byteCount, overwrites: [0: 0]) { frame, tasks in
      let numbers = stream.numbers(run: frame.workspace!.assumingMemoryBound(to: UInt64.self).pointee)
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let mask = hasMask ? frame.result(1, as: UInt8.self) : nil
      let ones = frame.scratch.assumingMemoryBound(to: Float.self)
      let kept = ones + chunk
      ones.update(repeating: 1, count: chunk)
      for task in tasks where task * chunk < count {
        let (first, words) = (task * chunk, numbers.block(task))
        let size = min(chunk, count - first)
        dropping.run(ones, count: size, keys: (words.0, words.1), into: kept)
        for i in 0..<size {
          y[first + i] = kept[i] != 0 ? x[first + i] * factor : 0
          mask?[first + i] = kept[i] != 0 ? 1 : 0
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
