public import HoneIR

/// Sums up errors, batch by batch; memory does not grow with the number of samples.
///
/// Targets of up to 64 values are told apart by column for `pearson` and `r2`; longer ones count as one column.
public struct RegressionMetrics: Sendable {
  /// Running moments of pairs (Welford).
  private struct Moments: Sendable {
    var count = 0.0
    var meanX = 0.0, meanY = 0.0
    var squaresX = 0.0, squaresY = 0.0, products = 0.0
    var squaredError = 0.0

    mutating func add(_ x: Double, _ y: Double) {
      count += 1
      let (dx, dy) = (x - meanX, y - meanY)
      meanX += dx / count
      meanY += dy / count
      squaresX += dx * (x - meanX)
      squaresY += dy * (y - meanY)
      products += dx * (y - meanY)
      squaredError += (x - y) * (x - y)
    }

    var pearson: Double? {
      let scale = (squaresX * squaresY).squareRoot()
      return scale > 0 ? min(max(products / scale, -1), 1) : nil
    }
    var r2: Double { squaresY > 0 ? 1 - squaredError / squaresY : squaredError == 0 ? 1 : 0 }
  }

  private static let columnLimit = 64
  private var columns: [Moments] = []
  private var count = 0
  private var absoluteError = 0.0
  private var relativeError = 0.0
  private var relativeCount = 0
  private var invalidCount = 0

  public init() {}

  /// Adds a batch: the model's output, with as many values for each sample as its target has, and the targets.
  public mutating func add(_ output: Tensor, targets: [[Float]]) throws(GraphError) {
    guard !targets.isEmpty else { return }
    guard !output.element.isComplex, output.element != .string else {
      throw GraphError(.input, "numbers cannot be read from \(output.type)")
    }
    let width = targets[0].count
    guard targets.allSatisfy({ $0.count == width }), output.elementCount == width * targets.count else {
      throw GraphError(.input, "the output is \(output.type), the targets are \(targets.count) of \(width) values")
    }
    let columnCount = width <= Self.columnLimit ? width : 1
    if columns.isEmpty { columns = Array(repeating: Moments(), count: columnCount) }
    guard columns.count == columnCount else { throw GraphError(.input, "targets of different lengths") }
    let values = output.doubles
    for (row, target) in targets.enumerated() {
      for (i, wanted) in target.enumerated() { add(values[row * width + i], Double(wanted), column: i % columnCount) }
    }
    count += targets.count
  }

  private mutating func add(_ value: Double, _ wanted: Double, column: Int) {
    guard value.isFinite, wanted.isFinite else {
      invalidCount += 1
      return
    }
    columns[column].add(value, wanted)
    absoluteError += abs(value - wanted)
    guard wanted != 0 else { return }
    relativeError += abs(value - wanted) / abs(wanted)
    relativeCount += 1
  }

  /// The scores of everything that was added.
  public var scores: RegressionScores {
    let values = max(columns.reduce(0) { $0 + $1.count }, 1)
    let correlations = columns.compactMap(\.pearson)
    let used = columns.filter { $0.count > 0 }
    return RegressionScores(
      count: count, mae: absoluteError / values,
      rmse: (columns.reduce(0) { $0 + $1.squaredError } / values).squareRoot(),
      mape: relativeCount == 0 ? nil : relativeError / Double(relativeCount),
      pearson: correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(correlations.count),
      r2: used.isEmpty ? 0 : used.reduce(0) { $0 + $1.r2 } / Double(used.count), invalidCount: invalidCount)
  }
}
