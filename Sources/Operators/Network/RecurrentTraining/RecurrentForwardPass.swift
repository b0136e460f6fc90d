import HoneIR
import HoneKernels

/// All steps of a recurrent operator with weights that are packed when it runs. One task is one block of rows.
struct RecurrentForwardPass<Cell: TrainingCell>: Sendable {
  typealias Real = Cell.Real
  let plan: RecurrentTrainingPlan
  let cell: Cell
  /// The result that keeps the gates; without one they live in scratch memory for two steps.
  let savesTo: Int?
  /// Results that the operator has.
  let resultCount: Int

  private var sizes: RecurrentSizes { plan.sizes }
  private var packedCount: Int { (cell.packedCount + 15) / 16 * 16 }
  /// Elements of scratch: operands of two steps, gates of two steps, the states that nobody wants, zeros, the cell's own.
  private var counts: (operands: Int, saved: Int, states: Int, zeros: Int, spare: Int) {
    let rows = plan.blockRows
    return (
      rows * plan.operandStride, savesTo == nil ? rows * plan.savedWidth : 0, rows * sizes.hidden, sizes.hidden,
      cell.spareCount(rows: rows)
    )
  }

  func kernel() -> Kernel {
    let counts = counts
    let elements = 2 * counts.operands + 2 * counts.saved + counts.states + counts.zeros + counts.spare
    let size = MemoryLayout<Real>.stride
    let packing = Kernel.Stage(tasks: sizes.directions) { frame, range in
      for direction in range { pack(frame, direction) }
    }
    return Kernel(tasks: plan.taskCount, scratch: elements * size) { frame, range in
      for task in range { run(frame, plan.block(task)) }
    }.after([packing], workspace: packedCount * sizes.directions * size)
  }

  private func packed(_ frame: borrowing Frame, _ direction: Int) -> UnsafeMutablePointer<Real> {
    frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Real.self) + direction * packedCount
  }

  private func pack(_ frame: borrowing Frame, _ direction: Int) {
    let width = sizes.width
    cell.pack(
      w: frame.operand(1) + direction * width * sizes.inputs, r: frame.operand(2) + direction * width * sizes.hidden,
      b: plan.hasBias ? frame.operand(3) + direction * 2 * width : nil, into: packed(frame, direction))
  }

  private func run(_ frame: borrowing Frame, _ block: RecurrentBlock) {
    let lengths = plan.hasLengths ? frame.operand(4, as: Int32.self) + block.rows.lowerBound : nil
    if let lengths, !plan.areValid(lengths, rows: block.rows.count) { return frame.fail(.indexOutOfRange) }
    let (counts, rows, hidden) = (counts, block.rows.count, sizes.hidden)
    var operands = frame.scratch.assumingMemoryBound(to: Real.self)
    var next = operands + counts.operands
    let kept = next + counts.operands
    let states = kept + 2 * counts.saved
    let zeros = states + counts.states
    zeros.update(repeating: 0, count: hidden)
    plan.load(plan.initial[0], frame, block, into: Rows(operands + 1 + sizes.inputs, stride: plan.operandStride))
    let firstCell = plan.state(plan.initial[1], frame, block, zeros: UnsafePointer(zeros))
    var cellBefore = firstCell
    for i in 0..<sizes.steps {
      let index = block.step(i)
      plan.loadInputs(frame, block, step: index, into: Rows(operands, stride: plan.operandStride))
      let saved =
        savesTo.map { plan.saved(frame.result($0), block, step: index) }
        ?? Rows(kept + i % 2 * counts.saved, stride: plan.savedWidth)
      let y = frame.hasResult(0) ? plan.output(frame.result(0), block, step: index) : Rows(states, stride: hidden)
      let step = TrainingStep(
        rows: rows, direction: block.direction, operands: Rows(UnsafePointer(operands) + 1, stride: plan.operandStride),
        packed: UnsafePointer(packed(frame, block.direction)), peepholes: plan.peepholes(frame, block),
        cellBefore: cellBefore, saved: saved, h: Rows(next + 1 + sizes.inputs, stride: plan.operandStride), y: y,
        spare: zeros + counts.zeros)
      cell.advance(step)
      if let lengths {
        for row in 0..<rows where index >= lengths[row] { keep(step, row) }
      }
      cellBefore = Rows(UnsafePointer(saved.base) + 4 * hidden, stride: saved.stride)
      swap(&operands, &next)
    }
    let h = Rows(UnsafePointer(operands) + 1 + sizes.inputs, stride: plan.operandStride)
    if resultCount > 1 { plan.store(h, frame, 1, block) }
    if plan.cell == .lstm, resultCount > 2 { plan.store(cellBefore, frame, 2, block) }
  }

  /// A sequence that is over keeps its state.
  private func keep(_ step: TrainingStep<Real>, _ row: Int) {
    let hidden = sizes.hidden
    (step.h.base + row * step.h.stride).update(
      from: step.operands.base + (row * step.operands.stride + sizes.inputs), count: hidden)
    (step.y.base + row * step.y.stride).update(repeating: 0, count: hidden)
    guard plan.cell == .lstm else { return }
    (step.saved.base + (row * step.saved.stride + 4 * hidden)).update(
      from: step.cellBefore.base + row * step.cellBefore.stride, count: hidden)
  }
}
