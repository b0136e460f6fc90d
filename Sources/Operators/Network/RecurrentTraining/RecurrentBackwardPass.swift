import HoneIR
import HoneKernels

/// Backpropagation through time. One task takes a block of rows back through all steps, some at a time: cotangents of gates
/// stay near the processor until the weights' sums have taken them up. Each block has sums of its own, which are added in
/// the end in the blocks' order.
struct RecurrentBackwardPass<Cell: TrainingCell>: Sendable {
  typealias Real = Cell.Real
  let plan: RecurrentTrainingPlan
  let cell: Cell
  /// Operands that hold the cotangents of Y and of the last h and c.
  let arriving: [Int?]
  /// Whether somebody reads the cotangent of X.
  let wantsInput: Bool

  var sizes: RecurrentSizes { plan.sizes }
  private var input: TrainingProduct<Real> { TrainingProduct(k: sizes.width, n: sizes.inputs) }
  /// Steps whose gates are summed up at once.
  private var chunk: Int { max(1, min(sizes.steps, 128 / max(plan.blockRows, 1))) }

  var memory: RecurrentGradientMemory {
    RecurrentGradientMemory(
      plan: plan, recurrent: cell.packedGradientCount, input: wantsInput ? input.packedCount : 0,
      spare: cell.spareCount(rows: plan.blockRows), chunkRows: chunk * plan.blockRows,
      hasStateGates: cell.hasStateGates, resetsState: cell.resetsState,
      keepsSecondInput: wantsInput && sizes.directions == 2)
  }

  func kernel() -> Kernel {
    let memory = memory
    let size = MemoryLayout<Real>.stride
    let packing = Kernel.Stage(tasks: sizes.directions) { frame, range in
      for direction in range { pack(frame, direction, memory) }
    }
    let passes = Kernel.Stage(tasks: plan.taskCount) { frame, range in
      for task in range { run(frame, task, memory) }
    }
    let sums = RecurrentGradientSums<Real>(
      plan: plan, memory: memory, gatesBias: cell.hasStateGates ? 0 : memory.sumRows - 1)
    return Kernel(tasks: sums.taskCount, scratch: memory.scratchCount * size) { frame, range in
      for task in range { sums.run(frame, task) }
    }.after([packing, passes], workspace: memory.workspaceCount * size)
  }

  private func workspace(_ frame: borrowing Frame) -> UnsafeMutablePointer<Real> {
    frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Real.self)
  }

  private func pack(_ frame: borrowing Frame, _ direction: Int, _ memory: RecurrentGradientMemory) {
    let target = workspace(frame) + memory.packed(direction)
    cell.packGradient(r: frame.operand(2) + direction * sizes.width * sizes.hidden, into: target)
    guard wantsInput else { return }
    input.pack(
      frame.operand(1) + direction * sizes.width * sizes.inputs, stride: sizes.inputs, transposed: false,
      into: target + memory.recurrent)
  }

  private func run(_ frame: borrowing Frame, _ task: Int, _ memory: RecurrentGradientMemory) {
    let block = plan.block(task)
    let lengths = plan.hasLengths ? frame.operand(4, as: Int32.self) + block.rows.lowerBound : nil
    if let lengths, !plan.areValid(lengths, rows: block.rows.count) { return frame.fail(.indexOutOfRange) }
    let hidden = sizes.hidden
    let scratch = frame.scratch.assumingMemoryBound(to: Real.self)
    let sums = workspace(frame) + memory.sums(task)
    if sizes.steps == 0 { sums.update(repeating: 0, count: memory.sumCount) }
    (sums + memory.peepholeSums).update(repeating: 0, count: 3 * hidden)
    let zeros = scratch + memory.zeros
    zeros.update(repeating: 0, count: hidden)
    let dh = Rows(scratch + memory.dh, stride: hidden), dc = Rows(scratch + memory.dc, stride: hidden)
    plan.load(arriving[1], frame, block, into: dh)
    plan.load(arriving[2], frame, block, into: dc)
    let rows = block.rows.count
    var end = sizes.steps
    while end > 0 {
      let start = max(0, end - chunk)
      for i in (start..<end).reversed() {
        let at = (i - start) * rows
        let step = GradientStep(
          rows: rows, direction: block.direction,
          operands: Rows(
            UnsafePointer(scratch) + (memory.operands + at * plan.operandStride + 1), stride: plan.operandStride),
          packed: UnsafePointer(workspace(frame) + memory.packed(block.direction)),
          peepholes: plan.peepholes(frame, block), cellBefore: cellBefore(frame, block, i, zeros: zeros),
          saved: plan.cell == .rnn
            ? Rows(UnsafePointer(zeros), stride: 0) : plan.saved(frame.operand(9), block, step: block.step(i)),
          y: plan.output(frame.operand(8), block, step: block.step(i)),
          dy: arriving[0].map { plan.output(frame.operand($0), block, step: block.step(i)) }, dh: dh, dc: dc,
          gates: Rows(scratch + (memory.gates + at * plan.gateStride), stride: plan.gateStride),
          stateGates: Rows(scratch + (memory.stateGates + at * plan.gateStride), stride: plan.gateStride),
          peepholeSums: sums + memory.peepholeSums, spare: scratch + memory.spare)
        loadOperands(
          frame, block, i, lengths,
          into: Rows(scratch + (memory.operands + at * plan.operandStride), stride: plan.operandStride))
        retreat(step, index: block.step(i), lengths, held: scratch + memory.held)
        if cell.resetsState { resetStates(step, into: scratch + (memory.resetStates + at * hidden)) }
      }
      sum(scratch, rows: (end - start) * rows, into: sums, accumulates: end < sizes.steps, memory)
      if wantsInput { spreadToInputs(frame, block, start..<end, memory) }
      end = start
    }
    plan.store(dh.reading(), frame, 4, block)
    if plan.cell == .lstm { plan.store(dc.reading(), frame, 5, block) }
  }

  private func cellBefore(
    _ frame: borrowing Frame, _ block: RecurrentBlock, _ i: Int, zeros: UnsafeMutablePointer<Real>
  ) -> Rows<UnsafePointer<Real>> {
    guard plan.cell == .lstm, i > 0 else {
      return plan.state(plan.initial[1], frame, block, zeros: UnsafePointer(zeros))
    }
    let saved = plan.saved(frame.operand(9, as: Real.self), block, step: block.step(i - 1))
    return Rows(saved.base + 4 * sizes.hidden, stride: saved.stride)
  }

  /// 1, inputs, state before, 1 of each row; inputs and state of sequences that are over are zero.
  private func loadOperands(
    _ frame: borrowing Frame, _ block: RecurrentBlock, _ i: Int, _ lengths: UnsafePointer<Int32>?,
    into target: Rows<UnsafeMutablePointer<Real>>
  ) {
    let x = frame.operand(0, as: Real.self), y = frame.operand(8, as: Real.self)
    let (inputs, hidden, index) = (sizes.inputs, sizes.hidden, block.step(i))
    for (local, row) in block.rows.enumerated() {
      let operands = target.base + local * target.stride
      operands[0] = 1
      operands[1 + inputs + hidden] = 1
      if let lengths, index >= lengths[local] {
        (operands + 1).update(repeating: 0, count: inputs + hidden)
        continue
      }
      (operands + 1).update(from: x + sizes.input(step: index, row: row), count: inputs)
      let h = operands + 1 + inputs
      let isFirst = i == 0 || lengths.map { block.step(i - 1) >= $0[local] } ?? false
      if !isFirst {
        h.update(
          from: y + sizes.output(step: block.step(i - 1), direction: block.direction, row: row), count: hidden)
      } else if let operand = plan.initial[0] {
        h.update(from: frame.operand(operand) + sizes.state(direction: block.direction, row: row), count: hidden)
      } else {
        h.update(repeating: 0, count: hidden)
      }
    }
  }

  /// Sequences that are over pass their cotangents on.
  private func retreat(
    _ step: GradientStep<Real>, index: Int, _ lengths: UnsafePointer<Int32>?, held: UnsafeMutablePointer<Real>
  ) {
    guard let lengths else {
      cell.retreat(step)
      cell.retreatThroughWeights(step)
      return
    }
    let (hidden, width) = (sizes.hidden, sizes.width)
    for row in 0..<step.rows where index >= lengths[row] {
      (held + 2 * row * hidden).update(from: step.dh.base + row * hidden, count: hidden)
      (held + (2 * row + 1) * hidden).update(from: step.dc.base + row * hidden, count: hidden)
    }
    cell.retreat(step)
    for row in 0..<step.rows where index >= lengths[row] {
      (step.gates.base + row * step.gates.stride).update(repeating: 0, count: width)
      if cell.hasStateGates { (step.stateGates.base + row * step.stateGates.stride).update(repeating: 0, count: width) }
    }
    cell.retreatThroughWeights(step)
    for row in 0..<step.rows where index >= lengths[row] {
      (step.dh.base + row * hidden).update(from: held + 2 * row * hidden, count: hidden)
      (step.dc.base + row * hidden).update(from: held + (2 * row + 1) * hidden, count: hidden)
    }
  }

  /// r ∘ h, which the last gate's recurrent weights multiply.
  private func resetStates(_ step: GradientStep<Real>, into target: UnsafeMutablePointer<Real>) {
    let hidden = sizes.hidden
    for row in 0..<step.rows {
      let reset = step.saved.base + (row * step.saved.stride + hidden)
      let h = step.operands.base + (row * step.operands.stride + sizes.inputs)
      for i in 0..<hidden { target[row * hidden + i] = h[i] == 0 ? 0 : reset[i] * h[i] }
    }
  }

  /// Adds the products of operands and gates to the weights' sums.
  private func sum(
    _ scratch: UnsafeMutablePointer<Real>, rows: Int, into sums: UnsafeMutablePointer<Real>, accumulates: Bool,
    _ memory: RecurrentGradientMemory
  ) {
    let (inputs, hidden, width) = (sizes.inputs, sizes.hidden, sizes.width)
    let operands = UnsafePointer(scratch) + memory.operands
    let gates = UnsafePointer(scratch) + memory.gates
    func add(
      _ m: Int, from row: Int, to columns: Range<Int>, _ gates: UnsafePointer<Real>,
      of other: UnsafePointer<Real>? = nil
    ) {
      TrainingProduct.outer(
        m: m, n: columns.count, depth: rows,
        other.map { Rows($0, stride: hidden) } ?? Rows(operands + row, stride: plan.operandStride),
        Rows(gates + columns.lowerBound, stride: plan.gateStride),
        into: Rows(sums + row * memory.sumStride + columns.lowerBound, stride: memory.sumStride),
        accumulates: accumulates)
    }
    if cell.hasStateGates {
      add(1 + inputs, from: 0, to: 0..<width, gates)
      add(hidden + 1, from: 1 + inputs, to: 0..<width, UnsafePointer(scratch) + memory.stateGates)
    } else if cell.resetsState {
      add(inputs, from: 1, to: 0..<width, gates)
      add(hidden, from: 1 + inputs, to: 0..<width - hidden, gates)
      add(hidden, from: 1 + inputs, to: width - hidden..<width, gates, of: UnsafePointer(scratch) + memory.resetStates)
      add(1, from: 1 + inputs + hidden, to: 0..<width, gates)
    } else {
      add(inputs + hidden + 1, from: 1, to: 0..<width, gates)
    }
  }

  /// The cotangents of the inputs of `steps`, counted on the way forward.
  private func spreadToInputs(
    _ frame: borrowing Frame, _ block: RecurrentBlock, _ steps: Range<Int>, _ memory: RecurrentGradientMemory
  ) {
    let scratch = frame.scratch.assumingMemoryBound(to: Real.self)
    let result = scratch + memory.inputs
    let rows = block.rows.count
    input.run(
      rows: steps.count * rows, Rows(UnsafePointer(scratch) + memory.gates, stride: plan.gateStride),
      packed: UnsafePointer(workspace(frame) + (memory.packed(block.direction) + memory.recurrent)),
      into: Rows(result, stride: sizes.inputs))
    let target = block.direction == 0 ? frame.result(0, as: Real.self) : workspace(frame) + memory.secondInput
    for i in steps {
      for (local, row) in block.rows.enumerated() {
        (target + sizes.input(step: block.step(i), row: row)).update(
          from: result + ((i - steps.lowerBound) * rows + local) * sizes.inputs, count: sizes.inputs)
      }
    }
  }
}
