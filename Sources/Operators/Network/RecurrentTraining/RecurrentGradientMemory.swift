/// Where a backward pass keeps its elements. Workspace: packed weights of each direction, sums of each task, the second
/// direction's cotangent of X. Scratch: operands and gates of a chunk of steps, cotangents of the states.
struct RecurrentGradientMemory: Sendable {
  /// Elements of packed recurrent weights, and of packed W behind them.
  let recurrent: Int
  private let input: Int
  private let directions: Int

  /// Rows of a task's sums: bias of the gates, inputs, states, bias of R·h; each `sumStride` long.
  let sumRows: Int
  let sumStride: Int
  /// Peepholes' sums in a task's sums.
  var peepholeSums: Int { sumRows * sumStride }
  let sumCount: Int
  let secondInput: Int
  let workspaceCount: Int

  private(set) var operands = 0
  private(set) var gates = 0
  private(set) var stateGates = 0
  private(set) var resetStates = 0
  private(set) var dh = 0
  private(set) var dc = 0
  private(set) var held = 0
  private(set) var zeros = 0
  private(set) var inputs = 0
  private(set) var spare = 0
  private(set) var scratchCount = 0

  /// Counts are of elements.
  init(
    plan: RecurrentTrainingPlan, recurrent: Int, input: Int, spare spareCount: Int, chunkRows: Int, hasStateGates: Bool,
    resetsState: Bool, keepsSecondInput: Bool
  ) {
    func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
    let sizes = plan.sizes
    (self.recurrent, self.input, directions) = (rounded(recurrent), rounded(input), sizes.directions)
    (sumRows, sumStride) = (sizes.inputs + sizes.hidden + 2, rounded(sizes.width))
    sumCount = rounded(sumRows * sumStride + 3 * sizes.hidden)
    secondInput = (self.recurrent + self.input) * directions + sumCount * plan.taskCount
    workspaceCount = secondInput + (keepsSecondInput ? sizes.steps * sizes.batch * sizes.inputs : 0)

    var end = 0
    func take(_ count: Int) -> Int {
      defer { end += rounded(count) }
      return end
    }
    operands = take(chunkRows * plan.operandStride)
    gates = take(chunkRows * plan.gateStride)
    stateGates = take(hasStateGates ? chunkRows * plan.gateStride : 0)
    resetStates = take(resetsState ? chunkRows * sizes.hidden : 0)
    dh = take(plan.blockRows * sizes.hidden)
    dc = take(plan.blockRows * sizes.hidden)
    held = take(plan.hasLengths ? 2 * plan.blockRows * sizes.hidden : 0)
    zeros = take(sizes.hidden)
    inputs = take(input > 0 ? chunkRows * sizes.inputs : 0)
    spare = take(spareCount)
    scratchCount = max(end, 8 * sumStride)
  }

  func packed(_ direction: Int) -> Int { direction * (recurrent + input) }
  func sums(_ task: Int) -> Int { (recurrent + input) * directions + task * sumCount }
}
