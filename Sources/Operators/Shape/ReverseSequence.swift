public import HoneIR
import HoneKernels

/// The first `sequence_lens`[b] elements of each sequence b in reverse order, the others as they are.
public struct ReverseSequence: MovementOp {
  public var batch_axis = 1
  public var time_axis = 0
  public init() {}
  public static var since: Int { 10 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    if let rank = data.rank, rank < 2 { throw GraphError(.type, "takes two axes or more, has \(data)") }
    guard [batch_axis, time_axis].sorted() == [0, 1] else {
      throw GraphError(.attribute, "batch_axis \(batch_axis) and time_axis \(time_axis) are not 0 and 1")
    }
    return [.tensor(data)]
  }
  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (batches, times) = (sizes[batch_axis], sizes[time_axis])
    guard try call.element(1) == .int64, try call.sizes(1) == [batches] else {
      throw GraphError(.type, "sequence_lens must be int64[\(batches)], are \(try call.tensor(1))")
    }
    let row = sizes[2...].reduce(1, *) * (try call.element(0).byteWidth)
    let (batchStride, timeStride) = batch_axis == 0 ? (times * row, row) : (row, batches * row)
    return Kernel(tasks: batches) { frame, range in
      for batch in range where batch < batches {
        let length = Int(frame.operand(1, as: Int64.self)[batch])
        guard length >= 0, length <= times else {
          frame.fail(.indexOutOfRange)
          continue
        }
        let (source, target) = (frame.operandBytes(0) + batch * batchStride, frame.resultBytes() + batch * batchStride)
        for time in 0..<times {
          let from = time < length ? length - 1 - time : time
          moveElement(target + time * timeStride, source + from * timeStride, row)
        }
      }
    }
  }
}

extension ReverseSequence: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(self, dy, node.operands[1])]
  }
}
