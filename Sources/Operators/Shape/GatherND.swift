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

extension GatherND: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (x, indices) = (node.operands[0]!, node.operands[1]!)
    var scatter = ScatterND()
    scatter.reduction = .add
    let tuples = try withBatchAxes(indices, in: &g)
    return [try g.apply(scatter, g.zeros(g.sizes(of: x), g.tensorType(of: x).element), tuples, dy)]
  }

  /// The tuples with the coordinates along the batch axes in front.
  private func withBatchAxes(_ indices: Value, in g: inout Graph) throws(GraphError) -> Value {
    guard batch_dims > 0 else { return indices }
    let (sizes, element) = (Array(try g.sizes(of: indices).dropLast()), g.tensorType(of: indices).element)
    let steps = strides(of: sizes)
    let coordinates = Tensor(TensorType(element, sizes + [batch_dims])) { bytes in
      for i in 0..<sizes.product * batch_dims {
        let (tuple, axis) = i.quotientAndRemainder(dividingBy: batch_dims)
        NumberReader.store(Double(tuple / steps[axis] % sizes[axis]), bytes.baseAddress!, i, element)
      }
    }
    var concat = Concat()
    concat.axis = -1
    return try g.apply(concat, g.constant(coordinates), indices)
  }
}
