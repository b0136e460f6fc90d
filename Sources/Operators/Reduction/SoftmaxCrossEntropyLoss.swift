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
    let isKept = call.results.count > 1 && call.isUsed(1)
    let place = { @Sendable (frame: borrowing Frame) in
      isKept ? frame.result(1, as: T.self) : frame.workspace!.assumingMemoryBound(to: T.self)
    }
    return Kernel { frame in loss.run(UnsafePointer(place(frame)), frame) }
      .after(
        [
          .init(tasks: loss.samples) { frame, range in
            let (x, logarithms) = (frame.operand(0, as: T.self), place(frame))
            for i in range where loss.samples * size > 0 {
              if loss.positions == 1 {
                T.softmax(x + i * size, count: size, logarithm: true, into: logarithms + i * size)
              } else {
                T.softmaxColumns(
                  x + i * size, stride: loss.positions, rows: loss.classes, count: loss.positions, logarithm: true,
                  into: logarithms + i * size)
              }
            }
          }
        ], workspace: isKept ? 0 : loss.samples * size * MemoryLayout<T>.stride)
  }
}

extension SoftmaxCrossEntropyLoss: DifferentiableOp {
  /// The weights of classes are constants of the loss and have no cotangent.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    var parts: [Value?] = []
    if let dloss = cotangents[0] {
      let gradient = ClassLossGradient(reduction, ignoring: ignore_index, softmax: true)
      parts.append(try g.apply(gradient, [dloss] + node.operands, resultCount: 1)[0])
    }
    if node.results.count > 1, let dlogarithms = cotangents[1] {
      parts.append(try g.apply(SoftmaxGradient(axis: 1, logarithm: true), node.results[1], dlogarithms))
    }
    return [try g.sum(parts)]
  }
}
