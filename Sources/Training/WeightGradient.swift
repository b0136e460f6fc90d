import HoneIR
import HoneOperators

/// The gradient of a weight, or of those of its rows that a batch reads.
struct WeightGradient {
  /// Like the weight, or with `places` `[N, …]`, where the weight is `[R, …]`.
  var value: Value
  /// Where in `value` each row of the weight is, or −1; int32 `[R]`.
  var places: Value?

  /// The same gradient by its rows, where it is that of an embedding's table, read once or several times; itself where it
  /// is not, and, unless `always`, where the batch names so many rows of so small a table that this would save nothing.
  func ofRows(in graph: inout Graph, always: Bool) throws(GraphError) -> WeightGradient {
    guard places == nil, let reads = Self.reads(value, in: graph), let op = reads.first?.op else { return self }
    let counts = reads.map { graph.tensorType(of: $0.node.operands[1]!).elementCount ?? 0 }
    let (rows, elements, count) = (op.sizes[0], op.sizes.reduce(1, *), counts.reduce(0, +))
    guard count > 0, always || (elements >= 8192 && count <= rows / 2) else { return self }
    var slices: [Value?] = [], indices: [Value?] = []
    for (read, count) in zip(reads, counts) {
      slices.append(try graph.shaped(read.node.operands[0]!, [count] + op.sizes.dropFirst()))
      let places = try graph.shaped(read.node.operands[1]!, [count])
      indices.append(reads.count == 1 ? places : try graph.apply(Cast(to: .int64), places))
    }
    let distinct = try graph.apply(DistinctRows(rows: rows), [Self.joined(indices, in: &graph)], resultCount: 2)
    let sums = GatherGradient(axis: 0, sizes: [count] + op.sizes.dropFirst())
    let joined = try Self.joined(slices, in: &graph)
    return WeightGradient(value: try graph.apply(sums, joined, distinct[0]), places: distinct[1])
  }

  /// The nodes whose sum `gradient` is, if each is the gradient of a table's rows.
  private static func reads(_ gradient: Value, in graph: Graph) -> [(op: GatherGradient, node: Node)]? {
    guard let node = graph.producer(of: gradient) else { return nil }
    if let op = node.op as? GatherGradient {
      return op.axis == 0 || op.axis == -op.sizes.count ? [(op, node)] : nil
    }
    guard node.op is Add, let first = node.operands[0], let second = node.operands[1],
      let left = reads(first, in: graph), let right = reads(second, in: graph)
    else { return nil }
    return left + right
  }

  private static func joined(_ parts: [Value?], in graph: inout Graph) throws(GraphError) -> Value {
    guard parts.count > 1 else { return parts[0]! }
    return try graph.apply(Concat(), parts, resultCount: 1)[0]
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
