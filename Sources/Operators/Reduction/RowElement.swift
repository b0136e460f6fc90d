import Foundation
import HoneIR
import HoneKernels

/// float32 or float64, with the operations on rows that normalizations and softmax are made of.
protocol RowElement: Accumulable, BinaryFloatingPoint, RowGradients {
  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func pow(_ x: Self, _ y: Self) -> Self
  /// Σ (x − mean)²
  static func deviation(_ x: UnsafePointer<Self>, count: Int, mean: Self) -> Self
  /// Σ exp(x − shift)
  static func exponentialSum(_ x: UnsafePointer<Self>, count: Int, shift: Self) -> Self
  /// Softmax, or its logarithm, over `rows` elements `stride` apart of `count` neighbouring columns.
  static func softmaxColumns(
    _ x: UnsafePointer<Self>, stride: Int, rows: Int, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Self>)
  /// Softmax, or its logarithm, of neighbouring elements.
  static func softmax(_ x: UnsafePointer<Self>, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Self>)
  /// y = (x − mean)·factor·scale + bias
  static func normalize(
    _ x: UnsafePointer<Self>, count: Int, mean: Self, factor: Self, scale: UnsafePointer<Self>?,
    bias: UnsafePointer<Self>?,
    into y: UnsafeMutablePointer<Self>)
  /// y = a·x + b
  static func affine(_ x: UnsafePointer<Self>, count: Int, a: Self, b: Self, into y: UnsafeMutablePointer<Self>)
  /// y[i] = a[i]·x[i] + b[i]
  static func affine(
    _ x: UnsafePointer<Self>, count: Int, a: UnsafePointer<Self>, b: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>)
  /// Local response normalization of neighbouring positions; channels are `stride` apart.
  static func localResponse(
    _ x: UnsafePointer<Self>, stride: Int, count: Int, _ response: LocalResponse, into y: UnsafeMutablePointer<Self>)
}

extension RowElement {
  static func sum(_ x: UnsafePointer<Self>, count: Int, _ kind: Accumulation = .sum) -> Self {
    var result = identity(kind)
    reduce(x, count: count, kind, into: &result)
    return result
  }
}

extension Float: RowElement {
  static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  static func log(_ x: Float) -> Float { Foundation.log(x) }
  static func tanh(_ x: Float) -> Float { Foundation.tanh(x) }
  static func pow(_ x: Float, _ y: Float) -> Float { Foundation.pow(x, y) }
  static func deviation(_ x: UnsafePointer<Float>, count: Int, mean: Float) -> Float {
    InstructionSet.current.deviation(x, count: count, mean: mean)
  }
  static func exponentialSum(_ x: UnsafePointer<Float>, count: Int, shift: Float) -> Float {
    InstructionSet.current.exp(x, count: count, shift: shift)
  }
  static func softmaxColumns(
    _ x: UnsafePointer<Float>, stride: Int, rows: Int, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.softmaxColumns(x, stride: stride, rows: rows, count: count, logarithm: logarithm, into: y)
  }
  static func softmax(_ x: UnsafePointer<Float>, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Float>) {
    InstructionSet.current.softmax(x, count: count, logarithm: logarithm, into: y)
  }
  static func normalize(
    _ x: UnsafePointer<Float>, count: Int, mean: Float, factor: Float, scale: UnsafePointer<Float>?,
    bias: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.normalize(x, count: count, mean: mean, factor: factor, scale: scale, bias: bias, into: y)
  }
  static func affine(_ x: UnsafePointer<Float>, count: Int, a: Float, b: Float, into y: UnsafeMutablePointer<Float>) {
    InstructionSet.current.affine(x, count: count, a: a, b: b, into: y)
  }
  static func affine(
    _ x: UnsafePointer<Float>, count: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.affine(x, count: count, a: a, b: b, into: y)
  }
  static func localResponse(
    _ x: UnsafePointer<Float>, stride: Int, count: Int, _ response: LocalResponse, into y: UnsafeMutablePointer<Float>
  ) {
    InstructionSet.current.normalize(x, stride: stride, count: count, response, into: y)
  }
}

extension Double: RowElement {
  static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  static func log(_ x: Double) -> Double { Foundation.log(x) }
  static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
  static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
  static func deviation(_ x: UnsafePointer<Double>, count: Int, mean: Double) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += (x[i] - mean) * (x[i] - mean) }
    return sum
  }
  static func exponentialSum(_ x: UnsafePointer<Double>, count: Int, shift: Double) -> Double {
    var sum = 0.0
    for i in 0..<count { sum += exp(x[i] - shift) }
    return sum
  }
  static func softmaxColumns(
    _ x: UnsafePointer<Double>, stride: Int, rows: Int, count: Int, logarithm: Bool,
    into y: UnsafeMutablePointer<Double>
  ) {
    for j in 0..<count {
      var (most, sum) = (-Double.infinity, 0.0)
      for r in 0..<rows { most = combine(most, x[r * stride + j], .max) }
      for r in 0..<rows { sum += exp(x[r * stride + j] - most) }
      let shift = most + log(sum)
      for r in 0..<rows {
        let value = x[r * stride + j]
        y[r * stride + j] = logarithm ? value - shift : exp(value - most) / sum
      }
    }
  }
  static func softmax(_ x: UnsafePointer<Double>, count: Int, logarithm: Bool, into y: UnsafeMutablePointer<Double>) {
    softmaxColumns(x, stride: 1, rows: count, count: 1, logarithm: logarithm, into: y)
  }
  static func normalize(
    _ x: UnsafePointer<Double>, count: Int, mean: Double, factor: Double, scale: UnsafePointer<Double>?,
    bias: UnsafePointer<Double>?, into y: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<count { y[i] = (x[i] - mean) * factor * (scale?[i] ?? 1) + (bias?[i] ?? 0) }
  }
  static func affine(_ x: UnsafePointer<Double>, count: Int, a: Double, b: Double, into y: UnsafeMutablePointer<Double>)
  {
    for i in 0..<count { y[i] = a * x[i] + b }
  }
  static func affine(
    _ x: UnsafePointer<Double>, count: Int, a: UnsafePointer<Double>, b: UnsafePointer<Double>,
    into y: UnsafeMutablePointer<Double>
  ) {
    for i in 0..<count { y[i] = a[i] * x[i] + b[i] }
  }
  static func localResponse(
    _ x: UnsafePointer<Double>, stride: Int, count: Int, _ response: LocalResponse, into y: UnsafeMutablePointer<Double>
  ) {
    for c in 0..<response.channels {
      let window = max(c - response.before, 0)...min(c + response.after, response.channels - 1)
      for i in 0..<count {
        var sum = 0.0
        for k in window { sum += x[k * stride + i] * x[k * stride + i] }
        let scale = pow(Double(response.bias) + Double(response.factor) * sum, -Double(response.beta))
        y[c * stride + i] = x[c * stride + i] * scale
      }
    }
  }
}
