internal import CKernels

extension InstructionSet {
  /// Turns the scores of `queries`, [queries][keys], into softmax's exponentials of scale · score + mask, and gives the
  /// reciprocals of their sums. With `isCausal` query i of `count` sees keys up to i + keys − count.
  func attentionWeights(
    _ scores: UnsafeMutablePointer<Float>, queries: Range<Int>, of count: Int, keys: Int, scale: Float, isCausal: Bool,
    mask: UnsafePointer<Float>?, maskStride: Int, reciprocals: UnsafeMutablePointer<Float>
  ) {
    func run(row: Int, rows: Int, columns: Int) {
      var arguments = SoftmaxWeights(
        x: scores + row * keys, x_stride: keys, rows: rows, columns: columns, scale: scale,
        mask: mask.map { $0 + row * maskStride }, mask_stride: maskStride, reciprocals: reciprocals + row)
      table.pointee.softmax_weights_f32(&arguments)
    }
    guard isCausal else { return run(row: 0, rows: queries.count, columns: keys) }
    for (row, query) in queries.enumerated() {
      let visible = max(0, min(keys, query + keys - count + 1))
      run(row: row, rows: 1, columns: visible)
      (scores + (row * keys + visible)).update(repeating: 0, count: keys - visible)
    }
  }
}
