/// Tries the forms of an fp32 convolution of which the model of costs cannot tell which is fastest.
public enum ConvolutionRace {
  /// All that the outcome depends on, beside the machine.
  private struct Key: Hashable {
    var shape: ConvolutionShape
    var threads: Int
    var instructionSet: InstructionSet
  }

  /// One form, ready to run.
  private struct Trial {
    let plan: Convolution
    let packed: PackedConvolution
    let scratch: AlignedMemory
  }

  private static let race = Race<Key, ConvolutionMethod>()
  /// Time for one shape, packing included.
  private static let mostTime = Duration.milliseconds(6)
  private static let cyclesPerMillisecond = 3e6

  /// The form for `threads` threads, which each run an equal share of the tasks: tried on `weights` in ONNX order and made-up
  /// data the first time, within `limit`, and remembered.
  public static func method(
    for shape: ConvolutionShape, threads: Int, weights: UnsafeRawPointer, within limit: Duration,
    instructionSet: InstructionSet = .current
  ) -> ConvolutionMethod {
    let contenders = ConvolutionMethod.contenders(for: shape, instructionSet: instructionSet)
    guard contenders.count > 1 else { return contenders[0].method }
    let key = Key(shape: shape, threads: threads, instructionSet: instructionSet)
    // Warming up and one timed round, packing being about as expensive as a run.
    let cycles = contenders.reduce(0) { $0 + $1.cycles } * (1 + 2 / Double(max(threads, 1)))
    let isAffordable = Duration.milliseconds(cycles / cyclesPerMillisecond) < min(limit, mostTime)
    let methods = contenders.map(\.method)
    var trials: [Int: Trial] = [:]
    var memory: (x: AlignedMemory, y: AlignedMemory)?
    return race.winner(of: methods, for: key, within: isAffordable ? min(limit, mostTime) : .zero) { i in
      if memory == nil { memory = (Self.input(shape), Self.output(shape)) }
      if trials[i] == nil {
        let plan = Convolution(shape, method: methods[i], instructionSet: instructionSet)
        trials[i] = Trial(
          plan: plan,
          packed: PackedConvolution(
            weights, shape: shape, method: methods[i], kept: false, instructionSet: instructionSet),
          scratch: AlignedMemory(byteCount: plan.scratchByteCount))
      }
      let trial = trials[i]!
      trial.plan.run(
        tasks: 0..<dividedUp(trial.plan.taskCount, by: max(threads, 1)),
        x: UnsafePointer(memory!.x.base.assumingMemoryBound(to: Float.self)), weights: trial.packed,
        y: memory!.y.base.assumingMemoryBound(to: Float.self), scratch: trial.scratch.base)
    }
  }

  private static func input(_ shape: ConvolutionShape) -> AlignedMemory {
    let count = shape.batch * shape.inputPixels * shape.inputStride
    let memory = AlignedMemory(byteCount: count * 4)
    memory.base.initializeMemory(as: Float.self, repeating: 0.5, count: count)
    return memory
  }

  private static func output(_ shape: ConvolutionShape) -> AlignedMemory {
    let count = shape.batch * shape.outputPixels * shape.outputStride
    let memory = AlignedMemory(byteCount: count * 4)
    memory.base.initializeMemory(as: Float.self, repeating: 0, count: count)
    return memory
  }
}
