import HoneIR
import HoneKernels

/// The end of a backward pass: the sums of all blocks of rows become the cotangents of W, R, B and P, and the two directions'
/// cotangents of X one.
struct RecurrentGradientSums<Real: TrainingElement>: Sendable {
  let plan: RecurrentTrainingPlan
  let memory: RecurrentGradientMemory
  /// The row of the sums that holds the bias of the gates.
  let gatesBias: Int

  /// Rows of sums that one task takes.
  private static var height: Int { 8 }
  private static var inputTasks: Int { 16 }
  private var sizes: RecurrentSizes { plan.sizes }
  private func strips(_ rows: Int) -> Int { (rows + Self.height - 1) / Self.height }
  private var perDirection: Int { strips(sizes.inputs) + strips(sizes.hidden) + 1 }
  private var addsInputs: Bool { memory.workspaceCount > memory.secondInput }

  var taskCount: Int { sizes.directions * perDirection + (addsInputs ? Self.inputTasks : 0) }

  func run(_ frame: borrowing Frame, _ task: Int) {
    let (direction, index) = task.quotientAndRemainder(dividingBy: perDirection)
    guard direction < sizes.directions else { return addInputs(frame, task - sizes.directions * perDirection) }
    if index < strips(sizes.inputs) {
      weights(frame, 1, direction, row: 1, columns: sizes.inputs, strip: index)
    } else if index < perDirection - 1 {
      weights(
        frame, 2, direction, row: 1 + sizes.inputs, columns: sizes.hidden, strip: index - strips(sizes.inputs))
    } else {
      biases(frame, direction)
    }
  }

  /// The first block's sums from `offset` on.
  private func sums(_ frame: borrowing Frame, _ direction: Int, _ offset: Int) -> UnsafePointer<Real> {
    UnsafePointer(frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Real.self))
      + (memory.sums(direction * plan.blocks) + offset)
  }

  private func add(_ count: Int, _ sums: UnsafePointer<Real>, into target: UnsafeMutablePointer<Real>) {
    target.update(from: sums, count: count)
    for block in 1..<max(plan.blocks, 1) {
      let more = sums + block * memory.sumCount
      for i in 0..<count { target[i] += more[i] }
    }
  }

  /// Some columns of result `result`, `[width × columns]` of each direction, from rows of the sums from `row` on.
  private func weights(
    _ frame: borrowing Frame, _ result: Int, _ direction: Int, row: Int, columns: Int, strip: Int
  ) {
    guard frame.hasResult(result) else { return }
    let first = strip * Self.height
    let count = min(Self.height, columns - first)
    let total = frame.scratch.assumingMemoryBound(to: Real.self)
    add(count * memory.sumStride, sums(frame, direction, (row + first) * memory.sumStride), into: total)
    let target = frame.result(result, as: Real.self) + (direction * sizes.width * columns + first)
    if Real.self == Float.self {
      InstructionSet.current.transpose(
        UnsafePointer(total.floats), stride: memory.sumStride, into: target.floats, stride: columns, rows: count,
        columns: sizes.width)
      return
    }
    for i in 0..<sizes.width {
      for j in 0..<count { target[i * columns + j] = total[j * memory.sumStride + i] }
    }
  }

  private func biases(_ frame: borrowing Frame, _ direction: Int) {
    let width = sizes.width
    if frame.hasResult(3) {
      let target = frame.result(3, as: Real.self) + direction * 2 * width
      add(width, sums(frame, direction, gatesBias * memory.sumStride), into: target)
      add(width, sums(frame, direction, (memory.sumRows - 1) * memory.sumStride), into: target + width)
    }
    if frame.hasResult(6) {
      add(
        3 * sizes.hidden, sums(frame, direction, memory.peepholeSums),
        into: frame.result(6, as: Real.self) + direction * 3 * sizes.hidden)
    }
  }

  private func addInputs(_ frame: borrowing Frame, _ task: Int) {
    let count = sizes.steps * sizes.batch * sizes.inputs
    let (first, end) = (count * task / Self.inputTasks, count * (task + 1) / Self.inputTasks)
    let x = frame.result(0, as: Real.self)
    let more = frame.workspace.unsafelyUnwrapped.assumingMemoryBound(to: Real.self) + memory.secondInput
    for i in first..<end { x[i] += more[i] }
  }
}
