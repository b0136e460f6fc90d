import HoneKernels

/// A cell whose steps are one fp32 kernel each.
struct FusedTrainingCell: TrainingCell {
  typealias Real = Float
  let sizes: RecurrentSizes
  let kernel: CellTrainingKernel

  var packedCount: Int { kernel.packedCount }
  func pack(
    w: UnsafePointer<Float>, r: UnsafePointer<Float>, b: UnsafePointer<Float>?,
    into packed: UnsafeMutablePointer<Float>
  ) {
    kernel.pack(w: w, r: r, b: b, into: packed)
  }
  func spareCount(rows: Int) -> Int { 0 }
  func advance(_ step: TrainingStep<Float>) {
    kernel.run(
      rows: step.rows, a: step.operands, packed: step.packed, cellBefore: step.cellBefore, saved: step.saved, h: step.h,
      y: step.y)
  }

  private var product: TrainingProduct<Float> { TrainingProduct(k: sizes.width, n: sizes.hidden) }
  var packedGradientCount: Int { product.packedCount }
  func packGradient(r: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    product.pack(r, stride: sizes.hidden, transposed: false, into: packed)
  }
  var hasStateGates: Bool { kernel.cell == .gru }
  func retreat(_ step: GradientStep<Float>) {
    switch kernel.cell {
    case .lstm:
      kernel.back(
        rows: step.rows, saved: step.saved, before: step.cellBefore, dh: step.dh.reading(), dy: step.dy,
        carried: step.dc, gates: step.gates, stateGates: nil)
    case .gru:
      let before = Rows(step.operands.base + sizes.inputs, stride: step.operands.stride)
      kernel.back(
        rows: step.rows, saved: step.saved, before: before, dh: step.dh.reading(), dy: step.dy, carried: step.dh,
        gates: step.gates, stateGates: step.stateGates.base)
    }
  }
  func retreatThroughWeights(_ step: GradientStep<Float>) {
    let gates = kernel.cell == .gru ? step.stateGates : step.gates
    product.run(
      rows: step.rows, gates.reading(), packed: step.packed, into: step.dh, accumulates: kernel.cell == .gru)
  }
}
