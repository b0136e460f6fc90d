import HoneKernels

/// A GRU with any functions; the reset gate multiplies h or R·h. Gates lie in the order update, reset, hidden.
struct GRUTrainingCell<Real: TrainingElement>: TrainingCell {
  let hidden: Int
  let activations: [[RecurrentActivation]]
  let isLinearBeforeReset: Bool
  let weights: TrainingWeights<Real>
  /// Products with the first two gates' R and with the last one's.
  private let gates: TrainingWeights<Real>.Pair
  private let candidate: TrainingWeights<Real>.Pair

  init(_ plan: RecurrentTrainingPlan) {
    (hidden, activations) = (plan.sizes.hidden, plan.activations)
    isLinearBeforeReset = plan.isLinearBeforeReset
    weights = TrainingWeights(plan.sizes, biasApart: isLinearBeforeReset ? 2 * hidden..<3 * hidden : 0..<0)
    gates = .init(depth: hidden, gates: 2 * hidden)
    candidate = .init(depth: hidden, gates: hidden)
  }

  var packedCount: Int {
    isLinearBeforeReset
      ? weights.packedCount : weights.packedCount + gates.forward.packedCount + candidate.forward.packedCount
  }
  func pack(
    w: UnsafePointer<Real>, r: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>
  ) {
    guard !isLinearBeforeReset else { return weights.pack(w: w, r: r, b: b, into: packed) }
    weights.packInputs(w: w, b: b, into: packed)
    let first = packed + weights.packedCount
    gates.forward.pack(r, stride: hidden, transposed: true, into: first)
    candidate.forward.pack(
      r + 2 * hidden * hidden, stride: hidden, transposed: true, into: first + gates.forward.packedCount)
  }
  func spareCount(rows: Int) -> Int { rows * 6 * hidden }

  func advance(_ step: TrainingStep<Real>) {
    let width = 3 * hidden
    let x = Rows(step.spare, stride: width), h = Rows(step.spare + step.rows * width, stride: width)
    if isLinearBeforeReset {
      weights.project(step.operands, rows: step.rows, step.packed, into: x, states: h, accumulates: false)
    } else {
      weights.projectInputs(step.operands, rows: step.rows, step.packed, into: x)
      gates.forward.run(
        rows: step.rows, states(step.operands), packed: step.packed + weights.packedCount, into: x, accumulates: true)
    }
    for row in 0..<step.rows { openGates(step, row, x.base + row * width, h.base + row * width) }
    if !isLinearBeforeReset {
      candidate.forward.run(
        rows: step.rows, h.reading(), packed: step.packed + (weights.packedCount + gates.forward.packedCount),
        into: Rows(x.base + 2 * hidden, stride: width), accumulates: true)
    }
    for row in 0..<step.rows { mix(step, row, x.base + row * width + 2 * hidden) }
  }

  private func states(_ operands: Rows<UnsafePointer<Real>>) -> Rows<UnsafePointer<Real>> {
    Rows(operands.base + weights.inputs, stride: operands.stride)
  }

  /// z and r; then r∘h into `h`, or the candidate's sum into `x`.
  private func openGates(
    _ step: TrainingStep<Real>, _ row: Int, _ x: UnsafeMutablePointer<Real>, _ h: UnsafeMutablePointer<Real>
  ) {
    let saved = step.saved.base + row * step.saved.stride
    let before = step.operands.base + (row * step.operands.stride + weights.inputs)
    for i in 0..<2 * hidden { saved[i] = isLinearBeforeReset ? x[i] + h[i] : x[i] }
    activations[step.direction][0].apply(saved, 2 * hidden)
    for i in 0..<hidden {
      let reset = saved[hidden + i]
      if isLinearBeforeReset {
        saved[3 * hidden + i] = h[2 * hidden + i]
        x[2 * hidden + i] += reset * h[2 * hidden + i]
      } else {
        h[i] = reset * before[i]
      }
    }
  }

  private func mix(_ step: TrainingStep<Real>, _ row: Int, _ sums: UnsafePointer<Real>) {
    let z = step.saved.base + row * step.saved.stride
    let candidate = z + 2 * hidden
    let before = step.operands.base + (row * step.operands.stride + weights.inputs)
    let (h, y) = (step.h.base + row * step.h.stride, step.y.base + row * step.y.stride)
    candidate.update(from: sums, count: hidden)
    activations[step.direction][1].apply(candidate, hidden)
    for i in 0..<hidden { y[i] = candidate[i] + z[i] * (before[i] - candidate[i]) }
    h.update(from: y, count: hidden)
  }

  var packedGradientCount: Int {
    isLinearBeforeReset
      ? weights.state.gradient.packedCount : gates.gradient.packedCount + candidate.gradient.packedCount
  }
  func packGradient(r: UnsafePointer<Real>, into packed: UnsafeMutablePointer<Real>) {
    guard !isLinearBeforeReset else {
      return weights.state.gradient.pack(r, stride: hidden, transposed: false, into: packed)
    }
    gates.gradient.pack(r, stride: hidden, transposed: false, into: packed)
    candidate.gradient.pack(
      r + 2 * hidden * hidden, stride: hidden, transposed: false, into: packed + gates.gradient.packedCount)
  }
  var hasStateGates: Bool { isLinearBeforeReset }
  var resetsState: Bool { !isLinearBeforeReset }

  func retreat(_ step: GradientStep<Real>) {
    for row in 0..<step.rows { closeCandidate(step, row) }
    guard !isLinearBeforeReset else { return }
    // What reaches r∘h.
    let arriving = Rows(step.spare, stride: hidden)
    candidate.gradient.run(
      rows: step.rows, Rows(UnsafePointer(step.gates.base) + 2 * hidden, stride: step.gates.stride),
      packed: step.packed + gates.gradient.packedCount, into: arriving)
    for row in 0..<step.rows {
      let s = arriving.base + row * hidden
      let reset = step.saved.base + (row * step.saved.stride + hidden)
      let before = step.operands.base + (row * step.operands.stride + weights.inputs)
      let dReset = step.gates.base + (row * step.gates.stride + hidden)
      let dh = step.dh.base + row * step.dh.stride
      for i in 0..<hidden {
        dReset[i] = s[i] * before[i]
        dh[i] += s[i] * reset[i]
      }
      activations[step.direction][0].multiply(dReset, byDerivativeAt: reset, hidden)
    }
  }

  /// The cotangents of the update gate and the candidate, and of the reset gate where it multiplies R·h.
  private func closeCandidate(_ step: GradientStep<Real>, _ row: Int) {
    let functions = activations[step.direction]
    let z = step.saved.base + row * step.saved.stride
    let (reset, candidate) = (z + hidden, z + 2 * hidden)
    let before = step.operands.base + (row * step.operands.stride + weights.inputs)
    let dz = step.gates.base + row * step.gates.stride
    let (dReset, dCandidate) = (dz + hidden, dz + 2 * hidden)
    let dh = step.dh.base + row * step.dh.stride
    for i in 0..<hidden {
      let d = dh[i] + (step.dy.map { $0.base[row * $0.stride + i] } ?? 0)
      dz[i] = d * (before[i] - candidate[i])
      dCandidate[i] = d * (1 - z[i])
      dh[i] = d * z[i]
    }
    functions[0].multiply(dz, byDerivativeAt: z, hidden)
    functions[1].multiply(dCandidate, byDerivativeAt: candidate, hidden)
    guard isLinearBeforeReset else { return }
    let product = z + 3 * hidden
    let states = step.stateGates.base + row * step.stateGates.stride
    for i in 0..<hidden { dReset[i] = dCandidate[i] * product[i] }
    functions[0].multiply(dReset, byDerivativeAt: reset, hidden)
    for i in 0..<hidden {
      (states[i], states[hidden + i], states[2 * hidden + i]) = (dz[i], dReset[i], dCandidate[i] * reset[i])
    }
  }

  func retreatThroughWeights(_ step: GradientStep<Real>) {
    let product = isLinearBeforeReset ? weights.state.gradient : gates.gradient
    let source = isLinearBeforeReset ? step.stateGates : step.gates
    product.run(rows: step.rows, source.reading(), packed: step.packed, into: step.dh, accumulates: true)
  }
}
