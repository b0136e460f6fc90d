public import HoneIR

extension Conv: WeightedOp {
  public func weightLayout(_ call: Call) -> WeightLayout? { WeightLayout(outputAxis: 0, bias: 2) }
  public func multiplyAccumulates(_ call: Call) -> Int { convolutionWork(call, positions: call.results.first) }
}

extension ConvTranspose: WeightedOp {
  public func weightLayout(_ call: Call) -> WeightLayout? { nil }
  public func multiplyAccumulates(_ call: Call) -> Int { convolutionWork(call, positions: call.operands.first??.type) }
}

/// Elements of the weights once for every position of every sample.
private func convolutionWork(_ call: Call, positions: ValueType?) -> Int {
  guard let sizes = positions?.tensor?.sizes, sizes.count > 2, let weights = try? call.sizes(1) else { return 0 }
  return sizes[0] * sizes[2...].reduce(1, *) * weights.reduce(1, *)
}

extension Gemm: WeightedOp {
  public func weightLayout(_ call: Call) -> WeightLayout? {
    guard !transA, alpha == 1, beta == 1 || !call.has(2) else { return nil }
    return WeightLayout(outputAxis: transB ? 0 : 1, bias: 2)
  }
  public func multiplyAccumulates(_ call: Call) -> Int {
    guard let a = try? call.sizes(0), let sizes = call.results.first?.tensor?.sizes, a.count == 2 else { return 0 }
    return sizes.reduce(1, *) * (transA ? a[0] : a[1])
  }
}

extension MatMul: WeightedOp {
  public func weightLayout(_ call: Call) -> WeightLayout? {
    guard let rank = try? call.tensor(1).rank, rank == 2 else { return nil }
    return WeightLayout(outputAxis: 1, bias: nil)
  }
  public func multiplyAccumulates(_ call: Call) -> Int {
    guard let inner = (try? call.sizes(0))?.last, let sizes = call.results.first?.tensor?.sizes else { return 0 }
    return sizes.reduce(1, *) * inner
  }
}
