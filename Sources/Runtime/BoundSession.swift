public import HoneIR
import HoneKernels

/// A program bound to the types of its inputs, with memory for inputs and outputs that stays where it is.
///
/// Write the inputs, run, read the outputs: a run allocates nothing and copies nothing. One thread at a time may use it.
public final class BoundSession {
  public let inputTypes: [TensorType]
  public let outputTypes: [TensorType]
  /// What runs.
  public var plan: Plan { instance.plan }
  private let instance: PlanInstance
  private let inputs: [UnsafeMutableRawBufferPointer]
  private let outputs: [Source]
  /// Where in the plan's given values each input stands, or nil when nothing reads it.
  private let places: [Int?]

  private enum Source {
    case plan(Plan.Place)
    case input(Int)
  }

  /// Plans `program` for inputs of these types.
  ///
  /// Throws `.unsupported` when sizes inside depend on data, or when an input or output is not a tensor of numbers; such
  /// models run in a `Session`.
  public init(_ program: Program, inputs types: [TensorType], state: StateStore = StateStore()) throws(GraphError) {
    let plan = try program.plan(for: types.map { .tensor($0) })
    guard plan.isComplete else {
      throw GraphError(.unsupported, "sizes inside the model depend on data, so its memory cannot be bound")
    }
    let exports = Dictionary(plan.exports.map { ($0.slot, $0) }, uniquingKeysWith: { first, _ in first })
    let slots = Dictionary(zip(program.inputSlots, types.indices), uniquingKeysWith: { first, _ in first })
    var outputs: [Source] = []
    var outputTypes: [TensorType] = []
    for slot in plan.outputs {
      if let export = exports[slot] {
        outputs.append(.plan(export.place))
        outputTypes.append(export.type)
      } else if let input = slots[slot] {
        outputs.append(.input(input))
        outputTypes.append(types[input])
      } else {
        throw GraphError(.unsupported, "an output is not a tensor of numbers, so its memory cannot be bound")
      }
    }
    (inputTypes, self.outputTypes, self.outputs) = (types, outputTypes, outputs)
    places = program.inputSlots.map { plan.given.firstIndex(of: $0) }
    try state.check(plan.states)
    instance = PlanInstance(plan, store: state, threads: program.threads)
    inputs = types.map { type in
      let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(type.byteCount!, 64), alignment: 64)
      bytes.initializeMemory(as: UInt8.self, repeating: 0)
      return UnsafeMutableRawBufferPointer(rebasing: bytes[..<type.byteCount!])
    }
    for (bytes, place) in zip(inputs, places) { if let place { instance.give(place, bytes.baseAddress) } }
  }

  deinit { for bytes in inputs { bytes.baseAddress?.deallocate() } }

  /// The memory of input `i`, zero at first; what is written stays until it is overwritten.
  public func withInput<R>(_ i: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    try body(inputs[i])
  }

  /// Copies `tensor`, of the bound type, into input `i`.
  public func set(_ i: Int, to tensor: Tensor) throws(GraphError) {
    guard tensor.type == inputTypes[i] else {
      throw GraphError(.input, "input \(i) is bound to \(inputTypes[i]), not to \(tensor.type)")
    }
    tensor.withBytes { inputs[i].copyMemory(from: $0) }
  }

  /// Runs on the inputs as they stand.
  public func run() throws(GraphError) { try instance.run() }

  /// Runs on the inputs as they stand, and tells the time of each node.
  public func profile() throws(GraphError) -> Profile {
    try instance.profile()
    return Profile(entries: Profile.entries(instance.plan, instance.stepTimes))
  }

  /// The memory of output `i`, valid until the next run.
  public func withOutput<R>(_ i: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch outputs[i] {
    case .input(let input): try body(UnsafeRawBufferPointer(inputs[input]))
    case .plan(let place):
      try body(UnsafeRawBufferPointer(start: instance.address(of: place), count: outputTypes[i].byteCount!))
    }
  }

  /// A copy of output `i`.
  public func output(_ i: Int) -> Tensor {
    withOutput(i) { bytes in Tensor(uninitialized: outputTypes[i]) { $0.copyMemory(from: bytes) } }
  }

  /// Sets input `i`, which has one element, to a number.
  public func set(_ i: Int, to number: Double) {
    precondition(inputTypes[i].elementCount == 1, "input \(i) is \(inputTypes[i])")
    switch inputTypes[i].element {
    case .float64: inputs[i].storeBytes(of: number, as: Double.self)
    case .float32: inputs[i].storeBytes(of: Float(number), as: Float.self)
    default: preconditionFailure("input \(i) is \(inputTypes[i])")
    }
  }

  /// The first element of output `i`, which is float32 or float64.
  public func number(_ i: Int) -> Double {
    withOutput(i) { bytes in
      switch outputTypes[i].element {
      case .float64: bytes.loadUnaligned(as: Double.self)
      case .float32: Double(bytes.loadUnaligned(as: Float.self))
      default: preconditionFailure("output \(i) is \(outputTypes[i])")
      }
    }
  }
}
