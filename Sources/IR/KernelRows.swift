extension Kernel {
  /// A promise about the rows of result 0, `[images, count, …]`: any run of them can be computed alone, from those rows of
  /// some operands that lie in windows. Operands without a window are read whole.
  public struct Rows: Sendable {
    public let images: Int
    /// Rows of an image.
    public let count: Int
    /// What rows of operands, `[images, window.count, …]`, a row of the result reads.
    public let windows: [Int: RowWindow]
    /// Computes rows of an image. Operands and result are given by where their first image would begin.
    public let run: @Sendable (borrowing Frame, _ image: Int, Range<Int>) -> Void

    public init(
      images: Int, count: Int, windows: [Int: RowWindow],
      _ run: @escaping @Sendable (borrowing Frame, _ image: Int, Range<Int>) -> Void
    ) {
      (self.images, self.count, self.windows, self.run) = (images, count, windows, run)
    }
  }

  /// Row r of a result reads rows r · stride − before ..< r · stride − before + reach, as far as there are any.
  public struct RowWindow: Sendable, Equatable {
    public let count: Int
    public let stride: Int
    public let before: Int
    public let reach: Int

    public init(count: Int, stride: Int = 1, before: Int = 0, reach: Int = 1) {
      (self.count, self.stride, self.before, self.reach) = (count, stride, before, reach)
    }

    /// The rows that `rows` of the result read; empty ranges where they read padding only.
    public func rows(for rows: Range<Int>) -> Range<Int> {
      let first = min(max(rows.lowerBound * stride - before, 0), count)
      guard !rows.isEmpty else { return first..<first }
      return first..<max(first, min((rows.upperBound - 1) * stride - before + reach, count))
    }
  }
}
