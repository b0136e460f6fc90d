import HoneKernels

/// An LSTM with any functions, peepholes and coupled gates. Gates lie in the order input, output, forget, cell.
struct LSTMTrainingCell<Real: TrainingElement>: TrainingCell {
  let hidden: Int
  let activations: [[RecurrentActivation]]
  let couplesInputAndForget: Bool
  let weights: TrainingWeights<Real>

  init(_ plan: RecurrentTrainingPlan) {
    (hidden, activations) = (plan.sizes.hidden, plan.activations)
    couplesInputAndForget = plan.couplesInputAndForget
    weights = TrainingWeights(plan.sizes)
  }

  var packedCount: Int { weights.packedCount }
  func pack(
    w: UnsafePointer<Real>, r: UnsafePointer<Real>, b: UnsafePointer<Real>?, into packed: UnsafeMutablePointer<Real>
  ) {
    weights.pack(w: w, r: r, b: b, into: packed)
  }
  func spareCount(rows: Int) -> Int { rows * 4 * hidden }

  func advance(_ step: TrainingStep<Real>) {
    let gates = Rows(step.spare, stride: 4 * hidden)
    weights.project(step.operands, rows: step.rows, step.packed, into: gates, states: gates, accumulates: true)
    for row in 0..<step.rows { advance(step, row, gates.base + row * gates.stride) }
  }

  private func advance(_ step: TrainingStep<Real>, _ row: Int, _ gates: UnsafePointer<Real>) {
    let functions = activations[step.direction]
    let before = step.cellBefore.base + row * step.cellBefore.stride
    let input = step.saved.base + row * step.saved.stride
    let (output, forget, candidate, cell) = (
      input + hidden, input + 2 * hidden, input + 3 * hidden, input + 4 * hidden
    )
    input.update(from: gates, count: 4 * hidden)
    if let p = step.peepholes {
      for i in 0..<hidden {
        input[i] += p[i] * before[i]
        forget[i] += p[2 * hidden + i] * before[i]
      }
    }
    functions[0].apply(input, hidden)
    functions[1].apply(candidate, hidden)
    if couplesInputAndForget {
      for i in 0..<hidden { forget[i] = 1 - input[i] }
    } else {
      functions[0].apply(forget, hidden)
    }
    for i in 0..<hidden { cell[i] = forget[i] * before[i] + input[i] * candidate[i] }
    if let p = step.peepholes {
      for i in 0..<hidden { output[i] += p[hidden + i] * cell[i] }
    }
    functions[0].apply(output, hidden)
    let (h, y) = (step.h.base + row * step.h.stride, step.y.base + row * step.y.stride)
    y.update(from: cell, count: hidden)
    functions[2].apply(y, hidden)
    for i in 0..<hidden { y[i] *= output[i] }
    h.update(from: y, count: hidden)
  }

  var packedGradientCount: Int { weights.state.gradient.packedCount }
  func packGradient(r: UnsafePointer<Real>, into packed: UnsafeMutablePointer<Real>) {
    weights.state.gradient.pack(r, stride: hidden, transposed: false, into: packed)
  }

  func retreat(_ step: GradientStep<Real>) {
    for row in 0..<step.rows { retreat(step, row) }
  }

  private func retreat(_ step: GradientStep<Real>, _ row: Int) {
    let functions = activations[step.direction]
    let before = step.cellBefore.base + row * step.cellBefore.stride
    let input = step.saved.base + row * step.saved.stride
    let (output, forget, candidate, cell) = (
      input + hidden, input + 2 * hidden, input + 3 * hidden, input + 4 * hidden
    )
    let (dh, dc) = (step.dh.base + row * step.dh.stride, step.dc.base + row * step.dc.stride)
    let dInput = step.gates.base + row * step.gates.stride
    let (dOutput, dForget, dCandidate) = (dInput + hidden, dInput + 2 * hidden, dInput + 3 * hidden)
    if let dy = step.dy {
      for i in 0..<hidden { dh[i] += dy.base[row * dy.stride + i] }
    }
    let squashed = step.spare
    squashed.update(from: cell, count: hidden)
    functions[2].apply(squashed, hidden)
    for i in 0..<hidden {
      dOutput[i] = dh[i] * squashed[i]
      dh[i] *= output[i]
    }
    functions[2].multiply(dh, byDerivativeAt: squashed, hidden)
    functions[0].multiply(dOutput, byDerivativeAt: output, hidden)
    for i in 0..<hidden {
      dc[i] += dh[i]
      if let p = step.peepholes { dc[i] += dOutput[i] * p[hidden + i] }
      dCandidate[i] = dc[i] * input[i]
      dForget[i] = dc[i] * before[i]
      dInput[i] = dc[i] * candidate[i] - (couplesInputAndForget ? dForget[i] : 0)
      if couplesInputAndForget { dForget[i] = 0 }
      dc[i] *= forget[i]
      dh[i] = 0
    }
    functions[0].multiply(dInput, byDerivativeAt: input, hidden)
    functions[0].multiply(dForget, byDerivativeAt: forget, hidden)
    functions[1].multiply(dCandidate, byDerivativeAt: candidate, hidden)
    guard let p = step.peepholes else { return }
    for i in 0..<hidden { dc[i] += dInput[i] * p[i] + dForget[i] * p[2 * hidden + i] }
  }

  func retreatThroughWeights(_ step: GradientStep<Real>) {
    weights.state.gradient.run(
      rows: step.rows, step.gates.reading(), packed: step.packed, into: step.dh, accumulates: true)
    guard step.peepholes != nil else { return }
    for row in 0..<step.rows {
      let before = step.cellBefore.base + row * step.cellBefore.stride
      let cell = step.saved.base + row * step.saved.stride + 4 * hidden
      let gates = step.gates.base + row * step.gates.stride
      for i in 0..<hidden where gates[i] != 0 { step.peepholeSums[i] += gates[i] * before[i] }
      for i in 0..<hidden where gates[hidden + i] != 0 {
        step.peepholeSums[hidden + i] += gates[hidden + i] * cell[i]
      }
      for i in 0..<hidden where gates[2 * hidden + i] != 0 {
        step.peepholeSums[2 * hidden + i] += gates[2 * hidden + i] * before[i]
      }
    }
  }
}
