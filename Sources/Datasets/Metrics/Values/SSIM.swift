internal import Foundation
public import HoneIR

/// The structural similarity of images (Wang et al., 2004): means, variances and covariance under a Gaussian window of 11×11 pixels with
/// σ = 1.5, at all places where it lies inside; K₁ = 0.01, K₂ = 0.03. The mean over places and channels, then over the samples.
///
/// Outputs are [height, width] or [channels, height, width].
public struct SSIM: ValueMetric {
  /// The largest value less the smallest: 1 or 255.
  public let range: Double
  private var mean = Mean()
  public init(range: Double = 1) { self.range = range }

  private static let side = 11
  private static let window: [Double] = {
    let weights = (0..<side).map { exp(-Double(($0 - side / 2) * ($0 - side / 2)) / (2 * 1.5 * 1.5)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }()

  public mutating func add(_ values: [Double], targets: [Double], sizes: [Int]) throws(GraphError) {
    guard sizes.count == 2 || sizes.count == 3, sizes.suffix(2).allSatisfy({ $0 >= Self.side }) else {
      throw GraphError(
        .input, "SSIM takes outputs [height, width] or [channels, height, width] of at least 11×11 pixels, not \(sizes)"
      )
    }
    let (height, width) = (sizes[sizes.count - 2], sizes[sizes.count - 1])
    let plane = height * width
    guard values.count.isMultiple(of: plane) else {
      throw GraphError(.input, "\(values.count) values do not make up images of \(width)×\(height)")
    }
    for start in stride(from: 0, to: values.count, by: plane) {
      let (x, y) = (Array(values[start..<start + plane]), Array(targets[start..<start + plane]))
      mean.add(similarity(x, y, width))
    }
  }
  public var value: Double? { mean.value }

  private func similarity(_ x: [Double], _ y: [Double], _ width: Int) -> Double {
    let (meanX, meanY) = (Self.blurred(x, width), Self.blurred(y, width))
    let squaresX = Self.blurred(x.map { $0 * $0 }, width)
    let squaresY = Self.blurred(y.map { $0 * $0 }, width)
    let products = Self.blurred(zip(x, y).map { $0 * $1 }, width)
    let (c1, c2) = (0.01 * range * 0.01 * range, 0.03 * range * 0.03 * range)
    var sum = 0.0
    for i in meanX.indices {
      let (a, b) = (meanX[i], meanY[i])
      let (varianceX, varianceY, covariance) = (squaresX[i] - a * a, squaresY[i] - b * b, products[i] - a * b)
      sum += (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (varianceX + varianceY + c2))
    }
    return sum / Double(meanX.count)
  }

  /// The means under the window, at all places where it lies inside.
  private static func blurred(_ plane: [Double], _ width: Int) -> [Double] {
    let (height, columns) = (plane.count / width, width - side + 1)
    var rows = [Double](repeating: 0, count: height * columns)
    for y in 0..<height {
      for x in 0..<columns {
        var sum = 0.0
        for k in 0..<side { sum += window[k] * plane[y * width + x + k] }
        rows[y * columns + x] = sum
      }
    }
    var result = [Double](repeating: 0, count: (height - side + 1) * columns)
    for i in result.indices {
      var sum = 0.0
      for k in 0..<side { sum += window[k] * rows[i + k * columns] }
      result[i] = sum
    }
    return result
  }
}
