public import HoneIR
import HoneKernels

/// dx, dscale and dbias of a normalization over groups of channels of each sample; scale, dscale and dbias have a value per
/// channel.
///
/// Operands: x, dy, scale. Mean and variance are computed again.
public struct GroupNormalizationGradient: RowKernelOp {
  public static var domain: String { NHWC.domain }
  public var num_groups = 1
  public var epsilon: Float = 1e-5
  public init() {}
  init(groups: Int, epsilon: Float) { (num_groups, self.epsilon) = (groups, epsilon) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let (x, dy, scale) = (try call.tensor(0), try call.tensor(1), try call.tensor(2))
    guard x == dy else { throw GraphError(.type, "a cotangent of \(dy) does not fit \(x)") }
    let all: [ValueType] = [.tensor(x), .tensor(scale), .tensor(scale)]
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  /// With s = Σ dy and t = Σ dy·(x − mean) of each channel, dx = a·dy + b·x + c in each channel. s and t stay in the workspace.
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    guard sizes.count >= 2, num_groups > 0, sizes[1] % num_groups == 0, try call.sizes(2) == [sizes[1]] else {
      throw GraphError(.type, "\(num_groups) groups and a scale of \(try call.sizes(2)) do not fit \(sizes)")
    }
    let (samples, channels, positions) = (sizes[0], sizes[1], sizes[2...].reduce(1, *))
    let (groups, perGroup) = (num_groups, channels / num_groups)
    let n = perGroup * positions
    let epsilon = T(epsilon)
    let needsInput = call.isUsed(0)
    let stage = Kernel.Stage(tasks: samples * groups) { frame, range in
      let (x, dy) = (frame.operand(0, as: T.self), frame.operand(1, as: T.self))
      let scale = frame.operand(2, as: T.self)
      let plain = frame.workspace!.assumingMemoryBound(to: T.self)
      let weighted = plain + samples * channels
      for task in range where samples * n > 0 {
        let start = task * n
        let mean = T.sum(x + start, count: n) / T(n)
        let factor = 1 / (T.deviation(x + start, count: n, mean: mean) / T(n) + epsilon).squareRoot()
        let first = task * perGroup, channel = task % groups * perGroup
        var (sum, product): (T, T) = (0, 0)
        for i in 0..<perGroup {
          let place = start + i * positions
          plain[first + i] = T.sum(dy + place, count: positions)
          weighted[first + i] = T.dot(x + place, dy + place, count: positions, mean: mean) * factor
          sum += plain[first + i] * scale[channel + i]
          product += weighted[first + i] * scale[channel + i]
        }
        guard needsInput else { continue }
        let slope = -factor * factor * product / T(n)
        let constant = -factor * sum / T(n) - slope * mean
        for i in 0..<perGroup {
          let place = start + i * positions
          T.affine(
            dy + place, x + place, count: positions, a: factor * scale[channel + i], b: slope, c: constant,
            into: frame.result(0, as: T.self) + place)
        }
      }
    }
    let used = (1..<3).map { call.isUsed($0) && $0 < call.resultCount }
    return Kernel { frame in
      let plain = frame.workspace!.assumingMemoryBound(to: T.self)
      let sources = [plain + samples * channels, plain]
      for i in 0..<2 where used[i] && channels > 0 {
        let target = frame.result(i + 1, as: T.self)
        target.update(repeating: 0, count: channels)
        T.reduceColumns(
          UnsafePointer(sources[i]), stride: channels, rows: samples, count: channels, .sum, into: target)
      }
    }
    .after([stage], workspace: max(2 * samples * channels, 1) * MemoryLayout<T>.stride)
  }
}

extension Graph {
  /// The cotangents of x, scale and bias of a normalization over groups of channels.
  mutating func groupNormalizationPullback(
    _ node: Node, _ cotangents: [Value?], groups: Int, epsilon: Float
  ) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, scale) = (node.operands[0]!, node.operands[1]!)
    let channels = try sizes(of: x)[1]
    let op = GroupNormalizationGradient(groups: groups, epsilon: epsilon)
    let parts = try apply(op, [x, dy, perChannel(scale, channels)], resultCount: 3)
    return [
      parts[0], try perGroup(parts[1], like: scale, channels),
      try perGroup(parts[2], like: node.operands[2]!, channels),
    ]
  }

  /// One value per channel from one per channel or group.
  private mutating func perChannel(_ parameter: Value, _ channels: Int) throws(GraphError) -> Value {
    let count = try sizes(of: parameter)[0]
    guard count != channels else { return parameter }
    let columns = try shaped(parameter, [count, 1])
    return try shaped(apply(Expand(), columns, constant(.integers([count, channels / count]))), [channels])
  }

  private mutating func perGroup(_ sums: Value, like parameter: Value, _ channels: Int) throws(GraphError) -> Value {
    let count = try sizes(of: parameter)[0]
    guard count != channels else { return sums }
    return try shaped(
      apply(ReduceSum(), shaped(sums, [count, channels / count]), constant(.integers([1]))), [count])
  }
}
