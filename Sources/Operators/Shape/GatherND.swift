public import HoneIR
import HoneKernels

/// Slices of the operand, each named by a tuple: the last axis of `indices`. The first `batch_dims` axes go in step.
public struct GatherND: MovementOp {
  public var batch_dims = 0
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard let shape = data.shape, let indices = try call.shape(1), let depth = indices.last?.size else {
      return [.tensor(data.with(shape: nil))]
    }
    guard batch_dims >= 0, depth >= 0, batch_dims + depth <= shape.count, batch_dims < indices.count else {
      throw GraphError(.type, "tuples of \(depth) indices do not fit \(data) with \(batch_dims) batch axes")
    }
    return [.tensor(data.with(shape: Array(indices.dropLast()) + shape[(batch_dims + depth)...]))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (data, indices) = (try call.sizes(0), try call.sizes(1))
    let tuples = try SliceTuples(indices, in: data, batchAxes: batch_dims, call.element(1))
    let byteCount = tuples.sliceLength * (try call.element(0).byteWidth)
    let grouped = max((1 << 14) / max(byteCount, 4), 1)
    return Kernel(tasks: (tuples.count + grouped - 1) / grouped) { frame, range in
      let (data, indices, result) = (frame.operandBytes(0), frame.operandBytes(1), frame.resultBytes())
      for i in range.items(grouped, of: tuples.count) {
        guard let slice = tuples.slice(indices, i) else {
          frame.fail(.indexOutOfRange)
          continue
        }
        moveElement(result + i * byteCount, data + slice * byteCount, byteCount)
      }
    }
  }
}
