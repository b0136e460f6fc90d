import HoneIR

/// A graph made ready for one machine and one set of shapes: steps in order, each with its memory.
///
/// Where sizes depend on data, a plan goes as far as it can; what remains is planned, and cached, once the data is there.
public final class Plan: Sendable {
  /// Where the bytes of a value lie.
  enum Place: Sendable, Hashable {
    case arena(offset: Int)
    case constant(Int)
    case state(Int)
    /// A value given from outside: an input of the graph, or a result of an earlier round.
    case given(Int)
  }
  struct Step: Sendable {
    /// This step and those behind it, `length` in all, run slice by slice.
    struct Chain: Sendable {
      var length: Int
      var slices: Int
    }
    let node: Node
    let kernel: Kernel
    let operands: [Place?]
    let results: [Place?]
    /// Memory shared by the parts of one kernel.
    var workspace: Place?
    /// Concrete types of operands and results, for profiles.
    let types: (operands: [TensorType?], results: [TensorType])
    var chain: Chain?
    /// This step and those behind it, as many as there are members, run band by band.
    var bands: Bands?
  }
  /// A value that somebody outside reads after the steps ran.
  struct Export: Sendable {
    let slot: Int
    let place: Place
    let type: TensorType
  }
  /// Bytes that go to another place after the steps.
  struct Copy: Sendable {
    let from: Place
    let to: Place
    let byteCount: Int
  }

  let steps: [Step]
  let constants: [Tensor]
  let states: [(name: String, initial: Tensor)]
  /// In order: states that are still needed as they were, then next states that could not be written in place.
  let copies: [Copy]
  /// Slots of values given from outside, in the order of `Place.given`.
  let given: [Int]
  let exports: [Export]
  /// What running it takes.
  public let memory: PlanMemory
  /// What remains to be planned, or nil when the outputs are all there.
  let rest: Planner?
  /// Slots of the graph's outputs.
  let outputs: [Int]
  /// Plans for the rest, by what the data turned out to be.
  let next = PlanCache()

  init(
    steps: [Step], constants: [Tensor], states: [(name: String, initial: Tensor)], copies: [Copy],
    given: [Int],
    exports: [Export], memory: PlanMemory, rest: Planner?, outputs: [Int]
  ) {
    (self.steps, self.constants, self.states, self.copies) = (steps, constants, states, copies)
    (self.given, self.exports, self.rest, self.outputs) = (given, exports, rest, outputs)
    self.memory = memory
  }

  public var stepCount: Int { steps.count }
  /// Of all steps that run slice by slice together, how many do.
  public var chainLengths: [Int] { steps.compactMap(\.chain?.length) }
  /// Of all steps that run band by band together, how many do.
  public var bandLengths: [Int] { steps.compactMap(\.bands?.members.count) }
  /// Bytes of working memory beside weights and inputs.
  public var memoryByteCount: Int { memory.arenaByteCount }
  /// Everything is planned; nothing depends on data.
  public var isComplete: Bool { rest == nil }
  /// Next states that could not be written in place.
  public var copyCount: Int {
    copies.reduce(0) { count, copy in if case .state = copy.to { count + 1 } else { count } }
  }
}
