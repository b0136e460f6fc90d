public import HoneIR
import HoneKernels

/// Channels of `[N, …, C]`, or of two such tensors joined one behind the other, shuffled and divided into two halves.
///
/// Of joined channels x, halves a and b: result h has a and b in turns, the h-th halves of both; where `apart` is set it has
/// x[h], x[h + 2], x[h + 4] and so on.
public struct NHWCShuffleSplit: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var apart = false
  public init() {}
  public init(apart: Bool) { self.apart = apart }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let x = try call.tensor(0)
    if call.has(1), try call.tensor(1) != x {
      throw GraphError(.type, "the operands differ: \(x) and \(try call.tensor(1))")
    }
    guard let shape = x.shape, let channels = shape.last else { return [.tensor(x), .tensor(x)] }
    let parts = call.has(1) ? 2 : apart ? 2 : 4
    if let size = channels.size, size % parts != 0 {
      throw GraphError(.type, "\(size) channels do not divide into \(parts) parts")
    }
    guard !call.has(1) else { return [.tensor(x), .tensor(x)] }
    guard let size = channels.size else { return Array(repeating: .tensor(TensorType(x.element, nil)), count: 2) }
    let half = TensorType(x.element, shape.dropLast() + [.fixed(size / 2)])
    return [.tensor(half), .tensor(half)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0), element = try call.element(0)
    guard element.bitWidth >= 8, element != .string, let channels = sizes.last, channels > 0 else {
      throw .unsupported(element)
    }
    let (positions, width) = (sizes.dropLast().reduce(1, *), element.bitWidth / 8)
    let isJoined = call.has(1)
    let half = isJoined ? channels : channels / 2
    let perTask = max(1, 16 * 1024 / (channels * width))
    let (apart, machine) = (apart, InstructionSet.current)
    return Kernel(tasks: (positions + perTask - 1) / perTask) { frame, range in
      let first = range.lowerBound * perTask
      let offset = first * channels * width
      let a = frame.operandBytes(0) + offset
      machine.shuffleSplit(
        a, isJoined ? frame.operandBytes(1) + offset : a + half * width, stride: channels,
        first: frame.hasResult(0) ? frame.resultBytes(0) + first * half * width : nil,
        second: frame.hasResult(1) ? frame.resultBytes(1) + first * half * width : nil,
        positions: min(range.upperBound * perTask, positions) - first, channels: half, apart: apart, width: width)
    }
  }
}

extension NHWCShuffleSplit: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let first = cotangents.compactMap({ $0 }).first else { return [] }
    guard apart, node.operands.count == 1 else { throw GraphError(.unsupported, "has no gradient in this form") }
    let sizes = try g.sizes(of: first), element = g.tensorType(of: first).element
    var parts: [Value?] = []
    for part in cotangents {
      if let part { parts.append(part) } else { parts.append(try g.zeros(sizes, element)) }
    }
    var concat = Concat()
    concat.axis = sizes.count - 1
    return [try g.apply(NHWCChannelShuffle(group: 2), g.apply(concat, parts, resultCount: 1)[0])]
  }
}
