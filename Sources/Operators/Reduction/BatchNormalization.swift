public import HoneIR

/// y = (x − mean)/√(variance + epsilon)·scale + bias per channel.
///
/// In training, mean and variance are those of the data, and further results are the running ones:
/// running·momentum + current·(1 − momentum).
public struct BatchNormalization: RowKernelOp, UpgradableOp {
  public var epsilon: Float = 1e-5
  public var momentum: Float = 0.9
  public var training_mode = false
  public init() {}
  public static var since: Int { 14 }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 14 else { return }
    let isTest = node.attributes.removeValue(forKey: "is_test")?.int ?? (version < 7 ? 0 : 1)
    node.attributes["consumed_inputs"] = nil
    if node.attributes.removeValue(forKey: "spatial")?.int == 0 {
      throw GraphError(.unsupported, "statistics for each position (spatial = 0) are not supported")
    }
    guard node.resultCount > 1 else { return }
    guard node.resultCount <= 3 else {
      throw GraphError(.unsupported, "saved statistics (results 3 and 4) are not supported")
    }
    if version >= 7 || isTest == 0 { node.attributes["training_mode"] = .int(1) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...5)
    let all: [ValueType] = [.tensor(try call.tensor(0)), .tensor(try call.tensor(3)), .tensor(try call.tensor(4))]
    guard call.resultCount <= 1 || training_mode else {
      throw GraphError(.arity, "has running statistics as results only in training mode")
    }
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let channels = sizes.count > 1 ? sizes[1] : 1
    let batch = sizes.first ?? 1
    let positions = sizes.dropFirst(2).reduce(1, *)
    for i in 1...4 {
      guard try call.sizes(i) == [channels] else {
        throw GraphError(.type, "operand \(i) must have \(channels) elements, is \(try call.tensor(i))")
      }
    }
    let shape = (batch: batch, channels: channels, positions: positions)
    return training_mode ? trainingKernel(T.self, call.results.count, shape) : inferenceKernel(T.self, shape)
  }

  private func inferenceKernel<T: RowElement>(_: T.Type, _ shape: (batch: Int, channels: Int, positions: Int)) -> Kernel
  {
    let (batch, channels, positions) = shape
    let small = T(epsilon)
    let tasks = positions == 1 ? batch : batch * channels
    let byteCount = 2 * channels * MemoryLayout<T>.stride
    return Kernel(tasks: tasks, scratch: byteCount, overwrites: [0: 0]) { frame, range in
      guard batch * channels * positions > 0 else { return }
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let (scale, bias) = (frame.operand(1, as: T.self), frame.operand(2, as: T.self))
      let (mean, variance) = (frame.operand(3, as: T.self), frame.operand(4, as: T.self))
      let a = frame.scratch.assumingMemoryBound(to: T.self)
      let b = a + channels
      for c in 0..<channels {
        a[c] = scale[c] / (variance[c] + small).squareRoot()
        b[c] = bias[c] - mean[c] * a[c]
      }
      for task in range {
        if positions == 1 {
          T.affine(
            x + task * channels, count: channels, a: UnsafePointer(a), b: UnsafePointer(b), into: y + task * channels)
        } else {
          let c = task % channels
          T.affine(x + task * positions, count: positions, a: a[c], b: b[c], into: y + task * positions)
        }
      }
    }
  }

  private func trainingKernel<T: RowElement>(
    _: T.Type, _ resultCount: Int, _ shape: (batch: Int, channels: Int, positions: Int)
  ) -> Kernel {
    let (batch, channels, positions) = shape
    let (small, keep, n) = (T(epsilon), T(momentum), T(batch * positions))
    return Kernel(tasks: channels) { frame, range in
      guard batch * channels * positions > 0 else { return }
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for c in range {
        var (sum, squares): (T, T) = (0, 0)
        for i in 0..<batch { sum += T.sum(x + (i * channels + c) * positions, count: positions) }
        let mean = sum / n
        for i in 0..<batch { squares += T.deviation(x + (i * channels + c) * positions, count: positions, mean: mean) }
        let variance = squares / n
        let a = frame.operand(1, as: T.self)[c] / (variance + small).squareRoot()
        let b = frame.operand(2, as: T.self)[c] - mean * a
        for i in 0..<batch {
          let start = (i * channels + c) * positions
          T.affine(x + start, count: positions, a: a, b: b, into: y + start)
        }
        if resultCount > 1, frame.hasResult(1) {
          frame.result(1, as: T.self)[c] = frame.operand(3, as: T.self)[c] * keep + mean * (1 - keep)
        }
        if resultCount > 2, frame.hasResult(2) {
          frame.result(2, as: T.self)[c] = frame.operand(4, as: T.self)[c] * keep + variance * (1 - keep)
        }
      }
    }
  }
}
