import HoneIR

/// Regression by support vectors, Σ c·k(x, v) + ρ; or its sign, telling whether a row is of one class.
public struct SVMRegressor: RegressorOp {
  public var coefficients: [Float] = []
  public var kernel_params: [Float] = []
  public var kernel_type = VectorKernel.linear
  public var n_supports = 0
  public var one_class = false
  public var post_transform = PostTransform.none
  public var rho: [Float] = []
  public var support_vectors: [Float] = []
  public init() {}

  var targetCount: Int { 1 }

  func model(_ element: ElementType, features: Int) throws(GraphError) -> RowModel {
    guard let rho = rho.first else { throw GraphError(.attribute, "attribute ‘rho’ is empty") }
    let isLinear = n_supports == 0
    let vectors = try SupportVectors(
      isLinear ? .linear : kernel_type, kernel_params, isLinear ? coefficients : support_vectors,
      count: isLinear ? 1 : n_supports, features: features)
    let weights = isLinear ? [1] : coefficients
    guard weights.count == vectors.count else {
      throw GraphError(.attribute, "\(weights.count) coefficients for \(vectors.count) support vectors")
    }
    return RowModel(scoreCount: 1, scratchByteCount: vectors.count * 4) { block in
      let rows = block.rows.assumingMemoryBound(to: Float.self)
      let values = block.scratch.assumingMemoryBound(to: Float.self)
      for i in 0..<block.count {
        vectors.compare(rows + i * features, into: values)
        let sum = weights.withUnsafeBufferPointer { dot(values, $0.baseAddress!, $0.count) } + rho
        block.scores[i] = one_class ? (sum > 0 ? 1 : -1) : sum
        post_transform.applyUnlessAlone(block.scores + i, 1)
      }
    }
  }
}
