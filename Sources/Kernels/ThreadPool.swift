internal import CKernels

/// The worker threads of the process. Workers persist, spin for a bounded time when idle, then sleep.
public struct ThreadPool: Sendable {
  public static let shared = ThreadPool()

  /// CPUs this process may use: its affinity mask, bounded by its cgroup's quota.
  public let cpuCount = threadpool_cpu_count()

  /// Work of one region: called once per thread with the worker's number, 0 being the caller, and the number of threads.
  public typealias Body = @Sendable (_ worker: Int, _ count: Int) -> Void

  /// Runs `body` on `threads` threads including this one and returns when all have finished.
  ///
  /// Denormals are flushed to zero meanwhile. Regions of different callers queue; one begun inside another runs on its
  /// thread alone, as does `threads` 1. `count` may be lower than `threads` when the system refuses more.
  public func run(threads: Int, _ body: Body) {
    withoutActuallyEscaping(body) { run(threads: threads, stored: $0) }
  }

  /// The same with a closure made once and kept, which allocates nothing.
  public func run(threads: Int, stored body: @escaping Body) {
    withUnsafePointer(to: Region(body: body)) { region in
      threadpool_run(threads, { Region.call($0!, $1, $2) }, UnsafeMutableRawPointer(mutating: region))
    }
  }

  /// How long idle workers spin before they sleep.
  public func setSpin(microseconds: UInt32) { threadpool_set_spin(microseconds) }

  private struct Region {
    let body: Body
    static func call(_ context: UnsafeMutableRawPointer, _ worker: Int, _ count: Int) {
      context.assumingMemoryBound(to: Region.self).pointee.body(worker, count)
    }
  }
}

/// Lets the threads of a region wait for each other, as often as wanted.
public final class Barrier: @unchecked Sendable {
  private let barrier: UnsafeMutablePointer<SpinBarrier>

  public init() {
    barrier = .allocate(capacity: 1)
    barrier.initialize(to: SpinBarrier())
  }

  deinit { barrier.deallocate() }

  /// Returns when `count` threads have called it; all of them pass the same count.
  public func wait(count: Int) { spin_barrier_wait(barrier, count) }
}

/// Runs `body` with denormals flushed to zero in this thread.
public func flushingDenormals<Result>(_ body: () throws -> Result) rethrows -> Result {
  let state = denormals_flush()
  defer { denormals_restore(state) }
  return try body()
}
