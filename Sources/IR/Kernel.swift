import Synchronization

/// A ready-to-run step: `tasks` equal tasks, any range of which may run on any thread.
///
/// A kernel may begin with stages, each finished on all threads before the next begins: packing an operand that changes
/// from run to run, sums that every later task reads. What they leave lies in the frame's workspace.
public struct Kernel: Sendable {
  /// Tasks that come in `count` equal runs, each of which reads its own slice of `operands`, cut along their first axis,
  /// and writes its own slice of result 0. Other operands are read whole. A count of 0 is no promise at all.
  public struct Slices: Sendable, Equatable {
    public var count = 0
    public var operands: Set<Int> = []
    public init(_ count: Int = 0, of operands: Set<Int> = []) { (self.count, self.operands) = (count, operands) }

    /// Into how many slices a batch is cut: 0 where there would be too few to divide between threads.
    public static func count(batch: Int) -> Int {
      guard batch > 64 else { return batch >= 8 ? batch : 0 }
      return (8...64).last { batch % $0 == 0 } ?? 0
    }
  }

  /// What runs before the kernel's own tasks.
  public struct Stage: Sendable {
    public let tasks: Int
    public let slices: Slices
    /// The only operands it reads, where it says so.
    public let reads: Set<Int>?
    public let run: @Sendable (borrowing Frame, Range<Int>) -> Void
    public init(
      tasks: Int, slices: Slices = Slices(), reads: Set<Int>? = nil,
      _ run: @escaping @Sendable (borrowing Frame, Range<Int>) -> Void
    ) {
      (self.tasks, self.run, self.reads) = (max(tasks, 1), run, reads)
      self.slices = slices.count > 0 && tasks % slices.count == 0 ? slices : Slices()
    }
    /// It can run before `operand` is there.
    public func isPreparation(without operand: Int) -> Bool { reads.map { !$0.contains(operand) } ?? false }
  }

  /// Work is divided between threads in units of tasks.
  public var tasks: Int
  /// Bytes of scratch memory each thread needs.
  public var scratchByteCount: Int
  /// Result `i` may be written over operand `overwrites[i]`, of equal byte count.
  public var overwrites: [Int: Int]
  /// Operands that the kernel took in while planning: constants among them need no memory of their own.
  public var absorbed: Set<Int> = []
  /// Result 0 is operand 0's bytes under another type; nothing runs.
  public private(set) var isView = false
  /// Stages before the kernel's own tasks, in order.
  public private(set) var stages: [Stage] = []
  /// How the kernel's own tasks are cut.
  public private(set) var slices = Slices()
  /// How the kernel computes some rows alone, where it can.
  public private(set) var rows: Rows?
  /// Bytes that all threads share while the kernel and its stages run, aligned to 64.
  public private(set) var workspaceByteCount = 0
  public let run: @Sendable (borrowing Frame, Range<Int>) -> Void

  /// Result 0 is operand 0's bytes under another type or shape.
  public static var view: Kernel {
    var kernel = Kernel(overwrites: [0: 0]) { _ in }
    kernel.isView = true
    return kernel
  }

  public init(
    tasks: Int = 1, scratch: Int = 0, overwrites: [Int: Int] = [:],
    _ run: @escaping @Sendable (borrowing Frame, Range<Int>) -> Void
  ) {
    (self.tasks, scratchByteCount, self.overwrites, self.run) = (max(tasks, 1), scratch, overwrites, run)
  }
  /// This kernel, which took in constant `operand` while planning.
  public func absorbing(_ operand: Int) -> Kernel {
    var kernel = self
    kernel.absorbed.insert(operand)
    return kernel
  }
  /// This kernel after `stages`, with `workspace` bytes for what they leave.
  public func after(_ stages: [Stage], workspace: Int) -> Kernel {
    var kernel = self
    kernel.stages = stages + self.stages
    kernel.workspaceByteCount = max(workspace, workspaceByteCount)
    return kernel
  }
  /// This kernel, with a promise of how its own tasks are cut.
  public func sliced(_ slices: Slices) -> Kernel {
    var kernel = self
    if slices.count > 0, tasks % slices.count == 0 { kernel.slices = slices }
    return kernel
  }
  /// This kernel, with a promise about rows of its result.
  public func byRows(_ rows: Rows?) -> Kernel {
    var kernel = self
    kernel.rows = rows
    return kernel
  }
  /// The stages and the kernel itself as kernels of one stage each.
  public var parts: [Kernel] {
    stages.map { Kernel(tasks: $0.tasks, scratch: scratchByteCount, $0.run) }
      + [Kernel(tasks: tasks, scratch: scratchByteCount, run).byRows(rows)]
  }
  /// Runs all stages and tasks on this thread.
  public func runAll(_ frame: borrowing Frame) {
    for stage in stages { stage.run(frame, 0..<stage.tasks) }
    run(frame, 0..<tasks)
  }
  /// A kernel that is not divided.
  public init(scratch: Int = 0, overwrites: [Int: Int] = [:], _ run: @escaping @Sendable (borrowing Frame) -> Void) {
    self.init(tasks: 1, scratch: scratch, overwrites: overwrites) { frame, _ in run(frame) }
  }
}

/// The memory one step works on: addresses of operands, results and scratch. Absent and absorbed ones are nil.
public struct Frame: ~Copyable {
  let slots: UnsafePointer<UnsafeMutableRawPointer?>
  let operandCount: Int
  let resultCount: Int
  /// Memory of this thread alone, aligned to 64 bytes.
  public let scratch: UnsafeMutableRawPointer
  /// Memory that all threads share during the kernel and its stages.
  public let workspace: UnsafeMutableRawPointer?
  let failure: UnsafeMutablePointer<Int32>

  /// Slots hold the operands' addresses, then the results'.
  public init(
    slots: UnsafePointer<UnsafeMutableRawPointer?>, operandCount: Int, resultCount: Int,
    scratch: UnsafeMutableRawPointer, workspace: UnsafeMutableRawPointer? = nil, failure: UnsafeMutablePointer<Int32>
  ) {
    (self.slots, self.operandCount, self.resultCount) = (slots, operandCount, resultCount)
    (self.scratch, self.workspace, self.failure) = (scratch, workspace, failure)
  }

  public func operand<T>(_ i: Int, as _: T.Type = T.self) -> UnsafePointer<T> {
    UnsafePointer(slots[i].unsafelyUnwrapped.assumingMemoryBound(to: T.self))
  }
  public func result<T>(_ i: Int = 0, as _: T.Type = T.self) -> UnsafeMutablePointer<T> {
    slots[operandCount + i].unsafelyUnwrapped.assumingMemoryBound(to: T.self)
  }
  public func operandBytes(_ i: Int) -> UnsafeRawPointer { UnsafeRawPointer(slots[i].unsafelyUnwrapped) }
  public func resultBytes(_ i: Int = 0) -> UnsafeMutableRawPointer { slots[operandCount + i].unsafelyUnwrapped }
  /// Somebody reads result `i`; false also where the node has fewer results.
  public func hasResult(_ i: Int) -> Bool { i < resultCount && slots[operandCount + i] != nil }

  /// Reports that the data does not fit, such as an index outside its axis; the run ends with an input error.
  ///
  /// What is reported first stays: later steps may fail for want of it.
  public func fail(_ reason: DataFault) { if failure.fault == 0 { failure.fault = reason.rawValue } }
}

/// What a kernel can find wrong with data.
public enum DataFault: Int32, Sendable {
  case indexOutOfRange = 1
  case divisionByZero
  case notInvertible
  case cacheIsFull

  public var message: String {
    switch self {
    case .indexOutOfRange: "an index lies outside its axis"
    case .divisionByZero: "an integer is divided by zero"
    case .notInvertible: "a matrix cannot be inverted"
    case .cacheIsFull:
      "the new positions do not fit behind the past ones: reset the states, or make the cache with more capacity"
    }
  }
}

extension UnsafeMutablePointer<Int32> {
  /// The raw value of the fault that is reported here, 0 for none; several threads may report one at once.
  public var fault: Int32 {
    get { atomic.pointee.load(ordering: .relaxed) }
    nonmutating set { atomic.pointee.store(newValue, ordering: .relaxed) }
  }
  private var atomic: UnsafeMutablePointer<Atomic<Int32>> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Atomic<Int32>.self)
  }
}
