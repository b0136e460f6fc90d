public import HoneIR
import HoneKernels

/// Channels of `[N, …, C]` taken in turns from `group` equal parts: channel i·group + g of the result is i of part g.
public struct NHWCChannelShuffle: ExecutableOp, RequiringOp {
  public static var domain: String { NHWC.domain }
  public static let required = ["group"]
  public var group = 1
  public init() {}
  public init(group: Int) { self.group = group }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let x = try call.tensor(0)
    if let channels = x.shape?.last?.size, group < 1 || channels % group != 0 {
      throw GraphError(.type, "\(channels) channels do not divide into \(group) parts")
    }
    return [.tensor(x)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let element = try call.element(0)
    guard element.bitWidth >= 8, element != .string, let channels = sizes.last, channels > 0 else {
      throw .unsupported(element)
    }
    let (positions, width) = (sizes.dropLast().reduce(1, *), element.bitWidth / 8)
    let perTask = max(1, 16 * 1024 / (channels * width))
    let (groups, machine) = (group, InstructionSet.current)
    return Kernel(tasks: (positions + perTask - 1) / perTask) { frame, range in
      let first = range.lowerBound * perTask
      let offset = first * channels * width
      machine.shuffleChannels(
        frame.operandBytes(0) + offset, frame.resultBytes() + offset,
        positions: min(range.upperBound * perTask, positions) - first, groups: groups, depth: channels / groups,
        width: width)
    }
  }
}

extension NHWCChannelShuffle: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    guard let channels = try g.sizes(of: dy).last, channels > 0 else { return [dy] }
    return [try g.apply(NHWCChannelShuffle(group: channels / group), dy)]
  }
}
