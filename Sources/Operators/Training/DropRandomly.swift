public import HoneIR
import HoneKernels

/// x/(1 − ratio), with elements (or whole samples, along axis 0) set to 0 with probability `ratio`.
///
/// Operand 1 counts runs (int64 scalar): what is dropped depends on it, on the seed and on the element's position alone, so
/// the same run drops the same elements for any number of threads, and so does the gradient, without a mask in memory.
public struct DropRandomly: ExecutableOp, RandomOp {
  public var ratio: Float = 0.5
  public var seed = 0
  public var drops_samples = false
  public init() {}
  public static var domain: String { NHWC.domain }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    guard try call.element(0) == .float32, try call.element(1) == .int64 else {
      throw GraphError(.type, "takes float32 data and an int64 count of runs")
    }
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let count = sizes.reduce(1, *)
    let sample = sizes.dropFirst().reduce(1, *)
    let dropping = Dropping(ratio: ratio)
    let ratio = min(max(ratio, 0), 1)
    let chunk = 8192
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32) ^ 0xD50F)
    let dropsSamples = drops_samples
    return Kernel(tasks: (count + chunk - 1) / chunk, overwrites: [0: 0]) { frame, range in
      let (x, y) = (frame.operand(0, as: Float.self), frame.result(0, as: Float.self))
      let run = UInt64(bitPattern: frame.operand(1, as: Int64.self)[0])
      let numbers = RandomNumbers(key: key, run: run)
      for task in range {
        let first = task * chunk, end = min(first + chunk, count)
        guard dropsSamples else {
          let words = numbers.block(task)
          dropping.run(x + first, count: end - first, keys: (words.0, words.1), into: y + first)
          continue
        }
        var i = first
        while i < end {
          let next = min((i / sample + 1) * sample, end)
          let factor = numbers.word(i / sample) < ratio ? 0 : dropping.scale
          for j in i..<next { y[j] = x[j] * factor }
          i = next
        }
      }
    }
  }
}

extension DropRandomly: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(self, dy, node.operands[1])]
  }
}

extension RandomNumbers {
  /// A number in [0, 1), of 24 random bits.
  fileprivate func word(_ index: Int) -> Float { Float(block(index).0 >> 8) * 0x1p-24 }
}
