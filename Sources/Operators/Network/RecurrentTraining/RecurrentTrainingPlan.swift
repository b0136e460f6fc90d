import HoneIR
import HoneKernels

/// What the two ways of a recurrent operator in training share: sizes, and how the batch is divided.
///
/// A task is one direction of some rows of the batch through all steps. How the batch is divided depends on sizes alone, and
/// with it the order of all sums.
struct RecurrentTrainingPlan: Sendable {
  let cell: RecurrentCellKind
  let sizes: RecurrentSizes
  /// Functions of each direction.
  let activations: [[RecurrentActivation]]
  let isReverse: [Bool]
  let couplesInputAndForget: Bool
  let isLinearBeforeReset: Bool
  let hasBias: Bool
  let hasLengths: Bool
  /// Operands that hold the initial states h and c.
  let initial: [Int?]
  let hasPeepholes: Bool

  init(_ op: some AnyRecurrentOp, _ call: Call) throws(GraphError) {
    let inference = op.inference
    guard op.clip == nil else { throw GraphError(.unsupported, "is not trained with ‘clip’") }
    try self.init(
      op.cell, inference, call, couplesInputAndForget: op.input_forget, isLinearBeforeReset: op.linear_before_reset)
  }

  init(
    _ cell: RecurrentCellKind, _ op: any RecurrentOp, _ call: Call, couplesInputAndForget: Bool = false,
    isLinearBeforeReset: Bool = false
  ) throws(GraphError) {
    self.cell = cell
    sizes = try op.sizes(call)
    activations = try op.parsedActivations()
    isReverse = op.direction == .bidirectional ? [false, true] : [op.direction == .reverse]
    (self.couplesInputAndForget, self.isLinearBeforeReset) = (couplesInputAndForget, isLinearBeforeReset)
    (hasBias, hasLengths) = (call.has(3), call.has(4))
    initial = [call.has(5) ? 5 : nil, cell == .lstm && call.has(6) ? 6 : nil]
    hasPeepholes = cell == .lstm && call.has(7)
    try op.check(sizes, initial: initial, call)
    if hasPeepholes, try call.sizes(7) != [sizes.directions, 3 * sizes.hidden] {
      throw GraphError(.type, "P must be [\(sizes.directions), \(3 * sizes.hidden)]: \(try call.tensor(7))")
    }
  }

  static func savedWidth(_ cell: RecurrentCellKind, _ sizes: RecurrentSizes, isLinearBeforeReset: Bool) -> Int {
    switch cell {
    case .lstm: 5 * sizes.hidden
    case .gru: (isLinearBeforeReset ? 4 : 3) * sizes.hidden
    case .rnn: 0
    }
  }
  var savedWidth: Int { Self.savedWidth(cell, sizes, isLinearBeforeReset: isLinearBeforeReset) }

  /// Derivatives are taken of the functions' values, which must tell on which side of a kink they lie.
  func checkDerivatives() throws(GraphError) {
    for function in activations.joined() where !function.hasDerivativeOfValue {
      throw GraphError(
        .unsupported, "has no gradient through ‘\(function.function.rawValue)’ with α = \(function.alpha)")
    }
  }

  // MARK: Division of the batch

  /// Rows that pass large weights together, and small ones.
  private var mostRows: Int { (sizes.inputs + sizes.hidden) * sizes.width > 1 << 18 ? 64 : 32 }
  /// Blocks of rows, of nearly equal height.
  var blocks: Int { max((sizes.batch + mostRows - 1) / mostRows, min(2, sizes.batch / 6), 1) }
  var blockRows: Int { (sizes.batch + blocks - 1) / blocks }
  func block(_ task: Int) -> RecurrentBlock {
    let (direction, block) = task.quotientAndRemainder(dividingBy: blocks)
    let rows = sizes.batch * block / blocks..<sizes.batch * (block + 1) / blocks
    return RecurrentBlock(direction: direction, rows: rows, isReverse: isReverse[direction], steps: sizes.steps)
  }
  var taskCount: Int { sizes.directions * blocks }

  /// A row of operands lies as 1, inputs, state before, 1, so that biases are weights like others.
  var operandStride: Int { OuterProduct.spreadStride(columns: sizes.inputs + sizes.hidden + 2) }
  var gateStride: Int { OuterProduct.spreadStride(columns: sizes.width) }

  // MARK: Cells

  /// The fp32 kernel of the cell, if there is one with these attributes.
  var kernel: CellTrainingKernel? {
    let isStandard = activations.allSatisfy { functions in
      functions.enumerated().allSatisfy { $1.function == ($0 == 0 ? .sigmoid : .tanh) }
    }
    guard isStandard, sizes.hidden > 0 else { return nil }
    switch cell {
    case .lstm where !hasPeepholes && !couplesInputAndForget:
      return CellTrainingKernel(.lstm, inputs: sizes.inputs, hidden: sizes.hidden)
    case .gru where isLinearBeforeReset:
      return CellTrainingKernel(.gru, inputs: sizes.inputs, hidden: sizes.hidden)
    default: return nil
    }
  }

  /// The way forward; what the way back needs goes to result `savesTo`, if there is one.
  func forward<T: TrainingElement>(_: T.Type, savesTo: Int?, resultCount: Int) -> Kernel {
    func pass(_ cell: some TrainingCell) -> Kernel {
      RecurrentForwardPass(plan: self, cell: cell, savesTo: savesTo, resultCount: resultCount).kernel()
    }
    if T.self == Float.self, let kernel { return pass(FusedTrainingCell(sizes: sizes, kernel: kernel)) }
    return switch cell {
    case .lstm: pass(LSTMTrainingCell<T>(self))
    case .gru: pass(GRUTrainingCell<T>(self))
    case .rnn: pass(RNNTrainingCell<T>(self))
    }
  }

  func backward<T: TrainingElement>(_: T.Type, _ call: Call, wantsInput: Bool) -> Kernel {
    let arriving = (10..<13).map { call.has($0) ? $0 : nil }
    func pass(_ cell: some TrainingCell) -> Kernel {
      RecurrentBackwardPass(plan: self, cell: cell, arriving: arriving, wantsInput: wantsInput).kernel()
    }
    if T.self == Float.self, let kernel { return pass(FusedTrainingCell(sizes: sizes, kernel: kernel)) }
    return switch cell {
    case .lstm: pass(LSTMTrainingCell<T>(self))
    case .gru: pass(GRUTrainingCell<T>(self))
    case .rnn: pass(RNNTrainingCell<T>(self))
    }
  }
}

/// One direction of some rows of a batch.
struct RecurrentBlock: Sendable {
  let direction: Int
  let rows: Range<Int>
  let isReverse: Bool
  let steps: Int

  /// The step that is the `i`th on the way forward.
  func step(_ i: Int) -> Int { isReverse ? steps - 1 - i : i }
}
