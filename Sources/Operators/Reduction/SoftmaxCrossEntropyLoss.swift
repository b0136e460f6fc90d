public import HoneIR

/// −log softmax of the right class, weighted, reduced over all positions; a further result is the logarithm of softmax
public struct SoftmaxCrossEntropyLoss: RowKernelOp {
  public var ignore_index: Int?
  public var reduction = LossReduction.mean
  public init() {}
  public static var since: Int { 12 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    let all: [ValueType] = [.tensor(try ClassLoss.types(call, reduction)), .tensor(try call.tensor(0))]
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let loss = try ClassLoss(call, reduction, ignoring: ignore_index)
    let size = loss.classes * loss.positions
    let resultCount = call.results.count
    return Kernel(scratch: loss.samples * size * MemoryLayout<T>.stride) { frame in
      let x = frame.operand(0, as: T.self)
      let isKept = resultCount > 1 && frame.hasResult(1)
      let logarithms = isKept ? frame.result(1, as: T.self) : frame.scratch.assumingMemoryBound(to: T.self)
      for i in 0..<loss.samples where size > 0 {
        if loss.positions == 1 {
          T.softmax(x + i * size, count: size, logarithm: true, into: logarithms + i * size)
        } else {
          T.softmaxColumns(
            x + i * size, stride: loss.positions, rows: loss.classes, count: loss.positions, logarithm: true,
            into: logarithms + i * size)
        }
      }
      loss.run(UnsafePointer(logarithms), frame)
    }
  }
}
