#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
public import HoneIR

/// Triangular filters, evenly spaced in mel(f) = 2595·log₁₀(1 + f/700): [⌊dft_length/2⌋+1 × num_mel_bins].
public struct MelWeightMatrix: EvaluatedOp {
  public var output_datatype = ElementType.float32
  public init() {}
  public static var since: Int { 17 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(5...5)
    let bins = call.symbolic(0)?.first ?? call.unknownSize()
    let length = call.symbolic(1)?.first.map { $0 / 2 + 1 } ?? call.unknownSize()
    return [.tensor(output_datatype, [length, bins])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let bins = try operands.tensor(0).integer(at: 0)
    let length = try operands.tensor(1).integer(at: 0)
    let rate = try operands.tensor(2).integer(at: 0)
    guard bins >= 0, length >= 0, rate >= 1, bins < 1 << 20, length < 1 << 24 else {
      throw GraphError(.input, "\(bins) mel bins of a transform of \(length) at \(rate) Hz")
    }
    let rows = length / 2 + 1
    let edges = try edges(
      count: bins + 2, from: operands.tensor(3).double(at: 0), to: operands.tensor(4).double(at: 0), length, rate)
    guard edges.allSatisfy({ (0..<rows).contains($0) }) else {
      throw GraphError(.input, "frequencies above half the sample rate")
    }
    var weights = [Double](repeating: 0, count: rows * bins)
    for bin in 0..<bins {
      let (low, center, high) = (edges[bin], edges[bin + 1], edges[bin + 2])
      if low >= center {
        weights[center * bins + bin] = 1
      } else {
        for row in low...center { weights[row * bins + bin] = Double(row - low) / Double(center - low) }
      }
      for row in center..<max(high, center) { weights[row * bins + bin] = Double(high - row) / Double(high - center) }
    }
    return [.tensor(try DoubleAccess(output_datatype).tensor(weights, shape: [rows, bins]))]
  }

  /// The rows at which the filters begin, peak and end.
  private func edges(count: Int, from low: Double, to high: Double, _ length: Int, _ rate: Int) throws(GraphError)
    -> [Int]
  {
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let step = (mel(high) - mel(low)) / Double(count)
    var edges: [Int] = []
    for i in 0..<count {
      let frequency = 700 * (pow(10, (mel(low) + Double(i) * step) / 2595) - 1)
      let row = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
      guard row.magnitude < 1e9 else { throw GraphError(.input, "frequencies from \(low) to \(high)") }
      edges.append(Int(row))
    }
    return edges
  }
}
