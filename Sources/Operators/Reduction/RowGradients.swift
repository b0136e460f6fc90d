import Foundation
import HoneKernels

/// The operations on rows that gradients of normalizations and softmax are made of.
protocol RowGradients {
  /// The gradient of softmax, or its logarithm, from its result, of `rows` rows of neighbouring elements.
  static func softmaxGradient(
    _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Self>)
  /// The same over `rows` elements `stride` apart, of `count` neighbouring columns.
  static func softmaxGradientColumns(
    _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, stride: Int, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Self>)
  static func normalizeGradient(_ row: NormalizedRowGradient<Self>)
  /// Σ (x − mean)·dy
  static func dot(_ x: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, count: Int, mean: Self) -> Self
  /// y = a·x + b·z + c
  static func affine(
    _ x: UnsafePointer<Self>, _ z: UnsafePointer<Self>, count: Int, a: Self, b: Self, c: Self,
    into y: UnsafeMutablePointer<Self>)
}

extension Float: RowGradients {
  static func softmaxGradient(
    _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.softmaxGradient(y, dy, rows: rows, count: count, logarithm: logarithm, into: dx)
  }
  static func softmaxGradientColumns(
    _ y: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.softmaxGradientColumns(
      y, dy, stride: stride, rows: rows, count: count, logarithm: logarithm, into: dx)
  }
  static func normalizeGradient(_ row: NormalizedRowGradient<Float>) { InstructionSet.current.normalizeGradient(row) }
  static func dot(_ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, count: Int, mean: Float) -> Float {
    InstructionSet.current.dot(x, dy, count: count, mean: mean)
  }
  static func affine(
    _ x: UnsafePointer<Float>, _ z: UnsafePointer<Float>, count: Int, a: Float, b: Float, c: Float,
    into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.affine(x, z, count: count, a: a, b: b, c: c, into: y)
  }
}

extension Double: RowGradients {
  static func softmaxGradient(
    _ y: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<rows {
      let start = row * count
      softmaxGradientColumns(
        y + start, dy + start, stride: 1, rows: count, count: 1, logarithm: logarithm, into: dx + start)
    }
  }
  static func softmaxGradientColumns(
    _ y: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, stride: Int, rows: Int, count: Int, logarithm: Bool,
    into dx: UnsafeMutablePointer<Double>
  ) {
    for j in 0..<count {
      var sum = 0.0
      for r in 0..<rows { sum += logarithm ? dy[r * stride + j] : dy[r * stride + j] * y[r * stride + j] }
      for i in Swift.stride(from: j, to: rows * stride + j, by: stride) {
        dx[i] = logarithm ? dy[i] - exp(y[i]) * sum : y[i] * (dy[i] - sum)
      }
    }
  }
  static func normalizeGradient(_ row: NormalizedRowGradient<Double>) {
    let (x, dy, n) = (row.x, row.dy, Double(row.count))
    var mean = 0.0
    if row.isCentred { for i in 0..<row.count { mean += x[i] / n } }
    let factor = 1 / (deviation(x, count: row.count, mean: mean) / n + row.epsilon).squareRoot()
    var (plain, weighted) = (0.0, 0.0)
    for i in 0..<row.count {
      let (normal, scale) = ((x[i] - mean) * factor, row.scale?[i] ?? 1)
      row.dscale?[i] += dy[i] * normal
      row.dbias?[i] += dy[i]
      plain += dy[i] * scale
      weighted += dy[i] * scale * normal
    }
    guard let dx = row.dx else { return }
    let first = row.isCentred ? plain / n : 0
    for i in 0..<row.count {
      dx[i] = (dy[i] * (row.scale?[i] ?? 1) - first - (x[i] - mean) * factor * weighted / n) * factor
    }
  }
  static func dot(_ x: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, count: Int, mean: Double) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += (x[i] - mean) * dy[i] }
    return sum
  }
  static func affine(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, count: Int, a: Double, b: Double, c: Double,
    into y: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<count { y[i] = a * x[i] + b * z[i] + c }
  }
}
