import HoneIR
import HoneOperators

/// The gradient of a weight, or of those of its rows that a batch reads.
struct WeightGradient {
  /// Like the weight, or with `places` `[N, …]`, where the weight is `[R, …]`.
  var value: Value
  /// Where in `value` each row of the weight is, or −1; int32 `[R]`.
  var places: Value?

  /// The same gradient by its rows, where it is that of an embedding's table; itself where it is not, and, unless `always`,
  /// where the batch names so many rows of so small a table that this would save nothing.
  func ofRows(in graph: inout Graph, always: Bool) throws(GraphError) -> WeightGradient {
    guard places == nil, let node = graph.producer(of: value), let op = node.op as? GatherGradient,
      op.axis == 0 || op.axis == -op.sizes.count, let indices = node.operands[1],
      let count = graph.tensorType(of: indices).elementCount, count > 0
    else { return self }
    let (rows, elements) = (op.sizes[0], op.sizes.reduce(1, *))
    guard always || (elements >= 8192 && count <= rows / 2) else { return self }
    let distinct = try graph.apply(DistinctRows(rows: rows), [indices], resultCount: 2)
    let sums = GatherGradient(axis: 0, sizes: [count] + op.sizes.dropFirst())
    return WeightGradient(value: try graph.apply(sums, node.operands[0], distinct[0]), places: distinct[1])
  }
}

extension TrainingOptions {
  /// Whether updates take gradients of embeddings by rows; throws if `sparseEmbeddings` excludes another option.
  func takesRows() throws(GraphError) -> Bool {
    let reason: String? =
      if !(optimizer.update is any RowWeightUpdate) {
        "\(optimizer.name) needs the norm of whole weights"
      } else if accumulation > 1 {
        "the mean gradient of several batches is not sparse"
      } else if l1 != 0 || l2 != 0 {
        "l1 and l2 change every row; the optimizer's weight decay changes those that a batch reads"
      } else {
        nil
      }
    if let reason, sparseEmbeddings {
      throw GraphError(.attribute, "embeddings cannot be updated sparsely: \(reason)").at("option")
    }
    return reason == nil
  }
}
