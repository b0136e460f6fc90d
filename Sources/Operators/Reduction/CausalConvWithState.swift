public import HoneIR

/// Depthwise convolution along the last axis that sees only the past; the state is the last inputs of the previous step.
///
/// y[t] = bias + Σ weight[i]·x[t − k + 1 + i], optionally followed by x·sigmoid(x)
public struct CausalConvWithState: RowKernelOp {
  public var activation = CausalActivation.none
  public init() {}
  public static var since: Int { 27 }

  public enum CausalActivation: String, Sendable, Hashable, Codable {
    case none, silu, swish
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...4)
    let (x, weight) = (try call.tensor(0), try call.tensor(1))
    for type in [x, weight] where type.rank != nil && type.rank != 3 {
      throw GraphError(.type, "needs 3 axes: \(type)")
    }
    var state: [Dimension]?
    if let shape = x.shape, let kernel = weight.shape { state = [shape[0], shape[1], kernel[2] - 1] }
    let all: [ValueType] = [.tensor(x), .tensor(x.element, state)]
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let (sizes, weights) = (try call.sizes(0), try call.sizes(1))
    let (channels, length, taps) = (sizes[1], sizes[2], weights[2])
    guard weights[0] == channels, weights[1] == 1, taps > 0 else {
      throw GraphError(.type, "the weights of \(channels) channels are \(weights)")
    }
    let state = taps - 1
    if call.has(3), try call.sizes(3) != [sizes[0], channels, state] {
      throw GraphError(.type, "the state must be \([sizes[0], channels, state]), is \(try call.sizes(3))")
    }
    let (hasBias, hasPast, resultCount) = (call.has(2), call.has(3), call.results.count)
    let isActivated = activation != .none
    return Kernel(tasks: sizes[0] * channels, scratch: (state + length) * MemoryLayout<T>.stride) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let weight = frame.operand(1, as: T.self)
      let line = frame.scratch.assumingMemoryBound(to: T.self)
      for row in range where sizes[0] * channels > 0 {
        if hasPast {
          line.initialize(from: frame.operand(3, as: T.self) + row * state, count: state)
        } else {
          line.initialize(repeating: 0, count: state)
        }
        (line + state).initialize(from: x + row * length, count: length)
        let channel = row % channels
        let bias = hasBias ? frame.operand(2, as: T.self)[channel] : 0
        let target = y + row * length
        for t in 0..<length {
          var sum = bias
          for i in 0..<taps { sum += weight[channel * taps + i] * line[t + i] }
          target[t] = isActivated ? sum / (1 + T.exp(-sum)) : sum
        }
        if resultCount > 1, frame.hasResult(1) {
          (frame.result(1, as: T.self) + row * state).update(from: line + length, count: state)
        }
      }
    }
  }
}
