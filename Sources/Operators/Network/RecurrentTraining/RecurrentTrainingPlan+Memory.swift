import HoneIR
import HoneKernels

/// Where a block of rows has its elements in operands and results.
extension RecurrentTrainingPlan {
  func areValid(_ lengths: UnsafePointer<Int32>, rows: Int) -> Bool {
    (0..<rows).allSatisfy { lengths[$0] >= 0 && lengths[$0] <= sizes.steps }
  }

  private var outputStride: Int {
    sizes.output(step: 0, direction: 0, row: 1) - sizes.output(step: 0, direction: 0, row: 0)
  }
  private var stateStride: Int { sizes.state(direction: 0, row: 1) - sizes.state(direction: 0, row: 0) }

  func output<T>(_ y: UnsafeMutablePointer<T>, _ block: RecurrentBlock, step: Int) -> Rows<UnsafeMutablePointer<T>> {
    Rows(
      y + sizes.output(step: step, direction: block.direction, row: block.rows.lowerBound), stride: outputStride)
  }
  func output<T>(_ y: UnsafePointer<T>, _ block: RecurrentBlock, step: Int) -> Rows<UnsafePointer<T>> {
    Rows(
      y + sizes.output(step: step, direction: block.direction, row: block.rows.lowerBound), stride: outputStride)
  }

  private func savedOffset(_ block: RecurrentBlock, _ step: Int) -> Int {
    ((block.direction * sizes.steps + step) * sizes.batch + block.rows.lowerBound) * savedWidth
  }
  func saved<T>(_ saved: UnsafeMutablePointer<T>, _ block: RecurrentBlock, step: Int) -> Rows<UnsafeMutablePointer<T>> {
    Rows(saved + savedOffset(block, step), stride: savedWidth)
  }
  func saved<T>(_ saved: UnsafePointer<T>, _ block: RecurrentBlock, step: Int) -> Rows<UnsafePointer<T>> {
    Rows(saved + savedOffset(block, step), stride: savedWidth)
  }

  /// The rows of a state in operand `operand`; without one, zeros.
  func state<T>(
    _ operand: Int?, _ frame: borrowing Frame, _ block: RecurrentBlock, zeros: UnsafePointer<T>
  ) -> Rows<UnsafePointer<T>> {
    guard let operand else { return Rows(zeros, stride: 0) }
    return Rows(
      frame.operand(operand) + sizes.state(direction: block.direction, row: block.rows.lowerBound), stride: stateStride)
  }

  func peepholes<T>(_ frame: borrowing Frame, _ block: RecurrentBlock) -> UnsafePointer<T>? {
    hasPeepholes ? frame.operand(7) + block.direction * 3 * sizes.hidden : nil
  }

  /// Copies a state from operand `operand`; without one, zeros.
  func load<T: TrainingElement>(
    _ operand: Int?, _ frame: borrowing Frame, _ block: RecurrentBlock, into target: Rows<UnsafeMutablePointer<T>>
  ) {
    for (i, row) in block.rows.enumerated() {
      let h = target.base + i * target.stride
      if let operand {
        h.update(from: frame.operand(operand) + sizes.state(direction: block.direction, row: row), count: sizes.hidden)
      } else {
        h.update(repeating: 0, count: sizes.hidden)
      }
    }
  }

  /// Copies the inputs of a step behind the first element of each row.
  func loadInputs<T: TrainingElement>(
    _ frame: borrowing Frame, _ block: RecurrentBlock, step: Int, into target: Rows<UnsafeMutablePointer<T>>
  ) {
    let x = frame.operand(0, as: T.self)
    for (i, row) in block.rows.enumerated() {
      (target.base + (i * target.stride + 1)).update(from: x + sizes.input(step: step, row: row), count: sizes.inputs)
    }
  }

  /// Copies a state to result `result`, if somebody reads it.
  func store<T: TrainingElement>(
    _ state: Rows<UnsafePointer<T>>, _ frame: borrowing Frame, _ result: Int, _ block: RecurrentBlock
  ) {
    guard frame.hasResult(result) else { return }
    for (i, row) in block.rows.enumerated() {
      (frame.result(result, as: T.self) + sizes.state(direction: block.direction, row: row)).update(
        from: state.base + i * state.stride, count: sizes.hidden)
    }
  }
}
