import HoneIR
import HoneKernels

/// Sizes of an attention, and where each head's rows lie in operands of 3 or 4 axes.
struct AttentionLayout: Sendable {
  /// Rows of features of one operand: sample b, head h, position s begin at first + b·sample + h·head + s·row.
  struct Rows: Sendable {
    var first = 0
    var sample, head, row: Int
    func offset(_ b: Int, _ h: Int, _ s: Int = 0) -> Int { first + b * sample + h * head + s * row }
    var strides: ScaledDotProductAttention.Strides { .init(batch: sample, head: head, position: row) }
  }
  var batch, queryHeads, keyHeads, queries, newKeys, past, depth, width: Int
  var q, k, v, y: Rows
  var keys: Int { past + newKeys }
  /// Query heads that share a key head.
  var group: Int { queryHeads / keyHeads }

  /// The operands hold nothing but q, k and v, or these among other `columns`.
  init(_ call: Call, _ op: Attention, _ columns: AttentionColumns? = nil) throws(GraphError) {
    let (query, key, value) = (try call.sizes(0), try call.sizes(1), try call.sizes(2))
    past = call.has(4) ? try call.sizes(4)[2] : 0
    batch = query[0]
    if query.count == 4 {
      (queryHeads, queries, depth) = (query[1], query[2], query[3])
      (keyHeads, newKeys, width) = (key[1], key[2], value[3])
      guard key == [batch, keyHeads, newKeys, depth], value == [batch, keyHeads, newKeys, width] else {
        throw GraphError(.type, "query, key and value do not fit: \(query), \(key), \(value)")
      }
      q = Rows(sample: queryHeads * queries * depth, head: queries * depth, row: depth)
      k = Rows(sample: keyHeads * newKeys * depth, head: newKeys * depth, row: depth)
      v = Rows(sample: keyHeads * newKeys * width, head: newKeys * width, row: width)
      y = Rows(sample: queryHeads * queries * width, head: queries * width, row: width)
    } else if let columns {
      (queryHeads, keyHeads) = (op.q_num_heads ?? 1, op.kv_num_heads ?? 1)
      (queries, newKeys, depth, width) = (query[1], key[1], columns.headSize, columns.valueHeadSize)
      guard columns.fit([query[2], key[2], value[2]], op), key[0] == batch, value[0] == batch, value[1] == newKeys
      else { throw GraphError(.type, "query, key and value do not fit: \(query), \(key), \(value)") }
      q = Rows(first: columns.first[0], sample: queries * query[2], head: depth, row: query[2])
      k = Rows(first: columns.first[1], sample: newKeys * key[2], head: depth, row: key[2])
      v = Rows(first: columns.first[2], sample: newKeys * value[2], head: width, row: value[2])
      y = Rows(sample: queries * width * queryHeads, head: width, row: width * queryHeads)
    } else {
      (queryHeads, keyHeads) = (op.q_num_heads ?? 1, op.kv_num_heads ?? 1)
      (queries, newKeys, depth, width) = (query[1], key[1], query[2] / queryHeads, value[2] / keyHeads)
      guard query[2] == depth * queryHeads, key == [batch, newKeys, depth * keyHeads],
        value == [batch, newKeys, width * keyHeads]
      else { throw GraphError(.type, "query, key and value do not fit: \(query), \(key), \(value)") }
      q = Rows(sample: queries * query[2], head: depth, row: query[2])
      k = Rows(sample: newKeys * key[2], head: depth, row: key[2])
      v = Rows(sample: newKeys * value[2], head: width, row: value[2])
      y = Rows(sample: queries * width * queryHeads, head: width, row: width * queryHeads)
    }
    guard keyHeads > 0, queryHeads % keyHeads == 0 else {
      throw GraphError(.type, "\(queryHeads) query heads are no multiple of \(keyHeads) key heads")
    }
    for (i, size) in [(4, depth), (5, width)] where call.has(i) {
      guard try call.sizes(i) == [batch, keyHeads, past, size] else {
        throw GraphError(.type, "operand \(i) must be \([batch, keyHeads, past, size]), is \(try call.sizes(i))")
      }
    }
  }
}

/// Which columns of their operands queries, keys and values are.
struct AttentionColumns: Sendable {
  /// The first column of each.
  var first: [Int]
  /// Columns of a head of queries and keys, and of values.
  var headSize, valueHeadSize: Int

  /// All columns lie in operands of these widths.
  func fit(_ widths: [Int], _ op: Attention) -> Bool {
    let (heads, keyHeads) = (op.q_num_heads ?? 1, op.kv_num_heads ?? 1)
    let counts = [heads * headSize, keyHeads * headSize, keyHeads * valueHeadSize]
    guard first.count == 3, counts.allSatisfy({ $0 > 0 }) else { return false }
    return (0..<3).allSatisfy { first[$0] >= 0 && first[$0] + counts[$0] <= widths[$0] }
  }
}
