public import HoneIR

/// Rows divided by their largest element (MAX), the sum of magnitudes (L1) or the length (L2), unless that is zero.
public struct Normalizer: ExecutableOp {
  public enum Norm: String, Sendable, Hashable, Codable { case MAX, L1, L2 }
  public var norm = Norm.MAX
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0).with(.float32))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (count, features) = try FeatureRows.sizes(call)
    let rows = try FeatureRows(call.element(0), as: .float32, rows: count, features: features)
    return Kernel(tasks: rows.blockCount, scratch: rows.scratchByteCount) { frame, range in
      for task in range where task < rows.blockCount {
        let block = rows.block(task)
        let source = rows.read(frame.operandBytes(0), block, frame.scratch).assumingMemoryBound(to: Float.self)
        let target = frame.result(0, as: Float.self) + block.lowerBound * features
        for i in 0..<block.count { normalize(source + i * features, target + i * features, features) }
      }
    }
  }

  private func normalize(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
    var divisor: Float = norm == .MAX && count > 0 ? x[0] : 0
    for i in 0..<count {
      switch norm {
      case .MAX: divisor = max(divisor, x[i])
      case .L1: divisor += abs(x[i])
      case .L2: divisor += x[i] * x[i]
      }
    }
    if norm == .L2 { divisor = divisor.squareRoot() }
    for i in 0..<count { y[i] = divisor == 0 ? x[i] : x[i] / divisor }
  }
}
