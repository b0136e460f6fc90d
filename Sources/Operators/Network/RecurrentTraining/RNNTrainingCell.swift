import HoneKernels

/// h' = f(x·Wᵀ + h·Rᵀ + b)
struct RNNTrainingCell<Real: TrainingElement>: TrainingCell {
  let hidden: Int
  let activations: [[RecurrentActivation]]
  let weights: TrainingWeights<Real>

  init(_ plan: RecurrentTrainingPlan) {
    (hidden, activations) = (plan.sizes.hidden, plan.activations)
    weights = TrainingWeights(plan.sizes)
  }

  var packedCount: Int { weights.packedCount }
  func pack(
    w: UnsafePointer<Real>, r: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>
  ) {
    weights.pack(w: w, r: r, b: b, into: packed)
  }
  func spareCount(rows: Int) -> Int { 0 }

  func advance(_ step: TrainingStep<Real>) {
    weights.project(step.operands, rows: step.rows, step.packed, into: step.h, states: step.h, accumulates: true)
    for row in 0..<step.rows {
      let h = step.h.base + row * step.h.stride
      activations[step.direction][0].apply(h, hidden)
      (step.y.base + row * step.y.stride).update(from: h, count: hidden)
    }
  }

  var packedGradientCount: Int { weights.state.gradient.packedCount }
  func packGradient(r: UnsafePointer<Real>, into packed: UnsafeMutablePointer<Real>) {
    weights.state.gradient.pack(r, stride: hidden, transposed: false, into: packed)
  }

  func retreat(_ step: GradientStep<Real>) {
    for row in 0..<step.rows {
      let (dh, gates) = (step.dh.base + row * step.dh.stride, step.gates.base + row * step.gates.stride)
      for i in 0..<hidden { gates[i] = dh[i] + (step.dy.map { $0.base[row * $0.stride + i] } ?? 0) }
      activations[step.direction][0].multiply(gates, byDerivativeAt: step.y.base + row * step.y.stride, hidden)
    }
  }

  func retreatThroughWeights(_ step: GradientStep<Real>) {
    weights.state.gradient.run(rows: step.rows, step.gates.reading(), packed: step.packed, into: step.dh)
  }
}
