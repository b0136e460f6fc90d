import HoneIR
import HoneKernels

/// The memory of one plan in one session: arena, scratch and the table of addresses that frames point into.
final class PlanInstance {
  let plan: Plan
  private let memory: (arena: AlignedMemory, scratch: AlignedMemory)
  private let arena: UnsafeMutableRawPointer
  let scratch: UnsafeMutableRawPointer
  let slots: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Where in `slots` each step's addresses begin.
  private let starts: [Int]
  /// Where in `slots` the addresses of given values stand.
  private let givenUses: [[Int]]
  private let states: [UnsafeMutableRawBufferPointer]
  /// Owns the memory of `states`.
  private let store: StateStore
  private var given: [UnsafeMutableRawPointer?]
  let failure: UnsafeMutablePointer<Int32>
  private let failedStep: UnsafeMutablePointer<Int>
  private let threads: Int
  let scratchStride: Int
  /// What each thread does of the bands that begin at a step.
  let bandPieces: [[[BandPiece]]]
  private let barrier = Barrier()
  /// The region of a run on several threads, made once.
  private var region: ThreadPool.Body = { _, _ in }
  /// Nanoseconds of each step on each thread in the last profiled run: those of a step's threads stand together.
  private(set) var stepTimes: [UInt64] = []
  private let times: UnsafeMutablePointer<UInt64>
  private var profiledRegion: ThreadPool.Body = { _, _ in }

  init(_ plan: Plan, store: StateStore, threads: Int) {
    (self.plan, self.store) = (plan, store)
    self.threads = plan.steps.contains { $0.kernel.tasks > 1 } ? threads : 1
    // Scratch of different threads never shares a cache line or a page's first lines.
    let scratchByteCount = (plan.memory.scratchByteCount + 63) / 64 * 64
    scratchStride = (scratchByteCount + plan.memory.windowByteCount + 4095) / 4096 * 4096 + 128
    memory = (
      AlignedMemory(byteCount: max(plan.memory.arenaByteCount, 64)),
      AlignedMemory(byteCount: scratchStride * self.threads)
    )
    (arena, scratch) = (memory.arena.base, memory.scratch.base)
    states = plan.states.map { store.memory($0.name, initial: $0.initial) }
    given = Array(repeating: nil, count: plan.given.count)
    times = .allocate(capacity: max(plan.steps.count * self.threads, 1))
    failure = .allocate(capacity: 1)
    failure.initialize(to: 0)
    failedStep = .allocate(capacity: 1)
    failedStep.initialize(to: -1)
    var starts: [Int] = []
    var uses = [[Int]](repeating: [], count: plan.given.count)
    var places: [Plan.Place?] = []
    func append(_ step: Plan.Step) -> Int {
      places.append(step.workspace)
      let start = places.count
      for place in step.operands + step.results {
        if case .given(let i)? = place { uses[i].append(places.count) }
        places.append(place)
      }
      return start
    }
    for step in plan.steps { starts.append(append(step)) }
    var windows: [(slot: Int, address: UnsafeMutableRawPointer)] = []
    let (base, stride, count) = (scratch + scratchByteCount, scratchStride, self.threads)
    bandPieces = plan.steps.enumerated().map { i, step in
      guard let bands = step.bands else { return [] }
      return (0..<count).map { worker in
        BandPiece.all(
          of: bands, from: i, worker: worker, count: count, windows: base + worker * stride, steps: plan.steps, append,
          &windows)
      }
    }
    (self.starts, givenUses) = (starts, uses)
    slots = .allocate(capacity: max(places.count, 1))
    slots.initialize(repeating: nil, count: max(places.count, 1))
    for (i, place) in places.enumerated() { if let place { slots[i] = address(of: place) } }
    for window in windows { slots[window.slot] = window.address }
    nonisolated(unsafe) unowned let instance = self
    region = { instance.runSteps(worker: $0, count: $1) }
    profiledRegion = { instance.profileSteps(worker: $0, count: $1) }
  }

  deinit {
    slots.deallocate()
    times.deallocate()
    failure.deallocate()
    failedStep.deallocate()
  }

  func address(of place: Plan.Place) -> UnsafeMutableRawPointer? {
    switch place {
    case .arena(let offset): arena + offset
    case .constant(let i): plan.constants[i].withBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
    case .state(let i): states[i].baseAddress
    case .given(let i): given[i]
    }
  }

  /// Points the plan at the bytes of given value `i`, which must outlive the run.
  func give(_ i: Int, _ bytes: UnsafeRawPointer?) {
    let address = UnsafeMutableRawPointer(mutating: bytes)
    guard given[i] != address else { return }
    given[i] = address
    for use in givenUses[i] { slots[use] = address }
  }

  /// Runs all steps. Allocates nothing.
  func run() throws(GraphError) {
    if threads == 1 {
      flushingDenormals { runSteps(worker: 0, count: 1) }
    } else {
      ThreadPool.shared.run(threads: threads, stored: region)
    }
    if failure.fault != 0 { try fail(at: failedStep.pointee) }
    copyStates()
  }

  private func copyStates() {
    for copy in plan.copies {
      address(of: copy.to)!.copyMemory(from: address(of: copy.from)!, byteCount: copy.byteCount)
    }
  }

  /// One thread's part of all steps. Steps of one task run on thread 0; others wait for it only where they go on.
  private func runSteps(worker: Int, count: Int) {
    var isBehind = false
    var next = 0
    while next < plan.steps.count {
      let i = next
      if let bands = plan.steps[i].bands {
        if isBehind, count > 1 { barrier.wait(count: count) }
        runBands(i, worker: worker)
        if count > 1 { barrier.wait(count: count) }
        if worker == 0, failure.fault != 0, failedStep.pointee < 0 { failedStep.pointee = i }
        isBehind = false
        next += bands.members.count
        continue
      }
      if let chain = plan.steps[i].chain {
        if isBehind, count > 1 { barrier.wait(count: count) }
        runChain(i, chain, worker: worker, count: count)
        if count > 1 { barrier.wait(count: count) }
        isBehind = false
        next += chain.length
        continue
      }
      next += 1
      let tasks = plan.steps[i].kernel.tasks
      if tasks == 1 || count == 1 {
        if worker == 0 {
          step(i, 0..<tasks, worker: 0)
          if failure.fault != 0, failedStep.pointee < 0 { failedStep.pointee = i }
        }
        isBehind = true
        continue
      }
      if isBehind { barrier.wait(count: count) }
      step(i, tasks * worker / count..<tasks * (worker + 1) / count, worker: worker)
      barrier.wait(count: count)
      if worker == 0, failure.fault != 0, failedStep.pointee < 0 { failedStep.pointee = i }
      isBehind = false
    }
  }

  /// One thread's slices of a chain, each through all its steps.
  private func runChain(_ first: Int, _ chain: Plan.Step.Chain, worker: Int, count: Int) {
    for slice in chain.slices * worker / count..<chain.slices * (worker + 1) / count {
      for i in first..<first + chain.length {
        let share = plan.steps[i].kernel.tasks / chain.slices
        step(i, slice * share..<(slice + 1) * share, worker: worker)
      }
    }
    if worker == 0, failure.fault != 0, failedStep.pointee < 0 { failedStep.pointee = first }
  }

  /// Runs all steps and keeps the time of each on each thread. All threads begin a step together.
  func profile() throws(GraphError) {
    times.update(repeating: 0, count: plan.steps.count * threads)
    ThreadPool.shared.run(threads: threads, stored: profiledRegion)
    stepTimes = Array(UnsafeBufferPointer(start: times, count: plan.steps.count * threads))
    if failure.fault != 0 { try fail(at: failedStep.pointee) }
    copyStates()
  }

  private func profileSteps(worker: Int, count: Int) {
    let clock = ContinuousClock()
    var bandsEnd = 0
    for i in plan.steps.indices where i >= bandsEnd {
      barrier.wait(count: count)
      if let bands = plan.steps[i].bands {
        profileBands(i, worker: worker) { piece, time in times[(i + piece) * threads + worker] += time }
        bandsEnd = i + bands.members.count
        barrier.wait(count: count)
        continue
      }
      let tasks = plan.steps[i].kernel.tasks
      let range = tasks == 1 ? 0..<(worker == 0 ? 1 : 0) : tasks * worker / count..<tasks * (worker + 1) / count
      times[i * threads + worker] = clock.measure { step(i, range, worker: worker) }.nanoseconds
      barrier.wait(count: count)
      if worker == 0, failure.fault != 0, failedStep.pointee < 0 { failedStep.pointee = i }
    }
  }

  @inline(__always)
  private func step(_ i: Int, _ tasks: Range<Int>, worker: Int) {
    guard !tasks.isEmpty else { return }
    let frame = Frame(
      slots: slots + starts[i], operandCount: plan.steps[i].operands.count, resultCount: plan.steps[i].results.count,
      scratch: scratch + worker * scratchStride, workspace: slots[starts[i] - 1], failure: failure)
    plan.steps[i].kernel.run(frame, tasks)
  }

  private func fail(at step: Int) throws(GraphError) {
    let fault = DataFault(rawValue: failure.fault)
    failure.fault = 0
    failedStep.pointee = -1
    throw GraphError(.input, fault?.message ?? "the data does not fit").at(plan.steps[step].node.place)
  }
}
