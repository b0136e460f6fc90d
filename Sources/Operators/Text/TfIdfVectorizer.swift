public import HoneIR

/// Counts n-grams of a pool in each row of numbers or strings, with gaps of up to `max_skip_count`, and weighs them.
public struct TfIdfVectorizer: EvaluatedOp, RequiringOp {
  public enum Mode: String, Sendable, Hashable, Codable { case TF, IDF, TFIDF }
  public var max_gram_length = 1
  public var max_skip_count = 0
  public var min_gram_length = 1
  public var mode = Mode.TF
  public var ngram_counts: [Int] = []
  public var ngram_indexes: [Int] = []
  public var pool_int64s: [Int] = []
  public var pool_strings: [String] = []
  public var weights: [Float] = []
  public init() {}
  public static var required: [String] {
    ["max_gram_length", "max_skip_count", "min_gram_length", "mode", "ngram_counts", "ngram_indexes"]
  }
  public static var since: Int { 9 }

  private var width: Int { (ngram_indexes.max() ?? -1) + 1 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    guard pool_strings.isEmpty == (input.element != .string) else {
      throw GraphError(.type, "the pool holds \(pool_strings.isEmpty ? "numbers" : "strings"), the operand is \(input)")
    }
    guard ngram_indexes.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }), weights.isEmpty || weights.count == ngram_indexes.count
    else {
      throw GraphError(.attribute, "‘weights’ or ‘ngram_indexes’ do not fit")
    }
    guard min_gram_length >= 1, max_skip_count >= 0, max_skip_count < 1 << 31 else {
      throw GraphError(.attribute, "n-grams of length \(min_gram_length) with \(max_skip_count) skips")
    }
    guard let shape = input.shape else { return [.tensor(.float32, nil as [Dimension]?)] }
    guard shape.count <= 2 else { throw GraphError(.type, "takes one or two axes, not \(input)") }
    return [.tensor(.float32, shape.count == 2 ? [shape[0], .fixed(width)] : [.fixed(width)])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let rowCount = input.sizes.count == 2 ? input.sizes[0] : 1
    let columns = input.sizes.last ?? 1
    let counts =
      pool_strings.isEmpty
      ? try countAll(input.integers, pool_int64s, rowCount, columns)
      : try countAll(input.strings, pool_strings, rowCount, columns)
    return [.tensor(Tensor(counts, shape: input.sizes.count == 2 ? [rowCount, width] : [width]))]
  }

  private func countAll<T: Hashable>(_ items: [T], _ pool: [T], _ rows: Int, _ columns: Int) throws(GraphError)
    -> [Float]
  {
    let grams = try index(pool)
    var counts = [Float](repeating: 0, count: rows * width)
    for row in 0..<rows {
      count(items[(row * columns)..<((row + 1) * columns)], grams, into: &counts, at: row * width)
    }
    if mode != .TF {
      let weights = columnWeights()
      for i in counts.indices where counts[i] != 0 {
        counts[i] = (mode == .IDF ? 1 : counts[i]) * weights[i % width]
      }
    }
    return counts
  }

  private func columnWeights() -> [Float] {
    var columns = [Float](repeating: 1, count: width)
    for (column, weight) in zip(ngram_indexes, weights) { columns[column] = weight }
    return columns
  }

  /// The output column of each n-gram.
  private func index<T: Hashable>(_ pool: [T]) throws(GraphError) -> [[T]: Int] {
    var grams: [[T]: Int] = [:]
    var number = 0
    for (i, start) in ngram_counts.enumerated() {
      let length = i + 1
      let end = i + 1 < ngram_counts.count ? ngram_counts[i + 1] : pool.count
      guard start >= 0, start <= end, end <= pool.count, (end - start) % length == 0 else {
        throw GraphError(.attribute, "‘ngram_counts’ \(ngram_counts) does not fit a pool of \(pool.count)")
      }
      for position in stride(from: start, to: end, by: length) {
        guard number < ngram_indexes.count else {
          throw GraphError(.attribute, "‘ngram_indexes’ is shorter than the pool")
        }
        if length >= min_gram_length && length <= max_gram_length {
          grams[Array(pool[position..<(position + length)])] = ngram_indexes[number]
        }
        number += 1
      }
    }
    return grams
  }

  private func count<T: Hashable>(_ row: ArraySlice<T>, _ grams: [[T]: Int], into counts: inout [Float], at base: Int) {
    let longest = min(max_gram_length, ngram_counts.count)
    guard min_gram_length <= longest else { return }
    for length in min_gram_length...longest {
      for step in 1...(length == 1 ? 1 : max_skip_count + 1) {
        let span = step * (length - 1)
        guard span < row.count else { break }
        for start in row.startIndex..<(row.endIndex - span) {
          let gram = (0..<length).map { row[start + $0 * step] }
          if let column = grams[gram] { counts[base + column] += 1 }
        }
      }
    }
  }
}
