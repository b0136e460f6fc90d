public import HoneIR

/// The gradient of a loss of classes: weight·dloss·(softmax(x) − 1 at the right class), or without `softmax` of −log p only
/// −weight·dloss at the right class.
///
/// Operands: dloss, the scores, the classes, and weights of the classes. With `mean`, dloss is divided by the sum of all
/// weights that count.
public struct ClassLossGradient: RowKernelOp {
  public static var domain: String { NHWC.domain }
  public var ignore_index: Int?
  public var reduction = LossReduction.mean
  public var softmax = true
  public init() {}
  init(_ reduction: LossReduction, ignoring ignored: Int?, softmax: Bool) {
    (self.reduction, ignore_index, self.softmax) = (reduction, ignored, softmax)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...4)
    return [.tensor(try call.tensor(1))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    var forward = call
    forward.operands.removeFirst()
    let loss = try ClassLoss(forward, reduction, ignoring: ignore_index)
    let (softmax, positions, classes) = (softmax, loss.positions, loss.classes)
    let size = classes * positions
    guard size * loss.samples > 0 else { return Kernel { _ in } }
    let (reduction, samples) = (loss.reduction, loss.samples)
    let rows = positions == 1 ? 16 : 1
    return Kernel(tasks: (samples + rows - 1) / rows, overwrites: [0: 1]) { frame, range in
      let (x, dx) = (frame.operand(1, as: T.self), frame.result(0, as: T.self))
      let dloss = frame.operand(0, as: T.self)
      let total = frame.workspace!.assumingMemoryBound(to: T.self).pointee
      for sample in range.lowerBound * rows..<min(range.upperBound * rows, samples) {
        let start = sample * size
        if softmax && positions == 1 {
          T.softmax(x + start, count: size, logarithm: false, into: dx + start)
        } else if softmax {
          T.softmaxColumns(
            x + start, stride: positions, rows: classes, count: positions, logarithm: false, into: dx + start)
        } else {
          (dx + start).update(repeating: 0, count: size)
        }
        for position in 0..<positions {
          let index = sample * positions + position
          guard let (target, weight) = loss.target(index, T.self, frame, first: 1) else { return }
          let factor = weight * (reduction == .none ? dloss[index] : dloss[0] / total)
          let own = dx + start + position
          if softmax && positions == 1 {
            T.affine(own, count: size, a: factor, b: 0, into: own)
          } else if softmax {
            for i in 0..<classes { own[i * positions] *= factor }
          }
          own[target * positions] -= factor
        }
      }
    }
    .after(
      [
        .init(tasks: 1) { frame, _ in
          var total: T = 1
          if reduction == .mean {
            total = 0
            for i in 0..<samples * positions {
              guard let (_, weight) = loss.target(i, T.self, frame, first: 1) else { break }
              total += weight
            }
          }
          frame.workspace!.assumingMemoryBound(to: T.self).pointee = total
        }
      ], workspace: 64)
  }
}
