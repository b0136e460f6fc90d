internal import Foundation
internal import HoneIR
internal import Synchronization

/// Something that gives one element after the other, nil after the last.
protocol Producer<Element>: Sendable {
  associatedtype Element: Sendable
  mutating func next() throws(GraphError) -> Element?
}

/// The elements of a producer, made ahead on a thread of their own; no more than `depth` wait at any time.
///
/// An error is thrown to the consumer in its turn; it and the end are final.
final class PrefetchQueue<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [Result<Element?, GraphError>] = []
    /// The end or the error that was handed out.
    var last: Result<Element?, GraphError>?
    var isStopped = false
    var isRunning = true
  }
  private let state = Mutex(State())
  private let changed = NSCondition()
  private let depth: Int

  init(_ producer: some Producer<Element>, depth: Int) {
    self.depth = max(depth, 1)
    let thread = Thread { [self] in work(producer) }
    thread.name = "hone.batches"
    thread.start()
  }

  private func work(_ producer: some Producer<Element>) {
    var producer = producer
    var goesOn = true
    while goesOn {
      let made: Result<Element?, GraphError>
      do throws(GraphError) { made = .success(try producer.next()) } catch { made = .failure(error) }
      if case .success(.some) = made {} else { goesOn = false }
      changed.lock()
      while state.withLock({ $0.waiting.count >= depth && !$0.isStopped }) { changed.wait() }
      state.withLock { state in
        if state.isStopped { goesOn = false } else { state.waiting.append(made) }
        if !goesOn { state.isRunning = false }
      }
      changed.broadcast()
      changed.unlock()
    }
  }

  /// The next element, which is waited for.
  func next() throws(GraphError) -> Element? {
    changed.lock()
    defer { changed.unlock() }
    while state.withLock({ $0.waiting.isEmpty && $0.last == nil && $0.isRunning }) { changed.wait() }
    let result = state.withLock { state -> Result<Element?, GraphError> in
      if let last = state.last { return last }
      guard !state.waiting.isEmpty else { return .success(nil) }
      let first = state.waiting.removeFirst()
      if case .success(.some) = first { return first }
      state.last = first
      return first
    }
    changed.broadcast()
    return try result.get()
  }

  /// Asks the thread to end after what it is making; what waits is dropped.
  func stop() {
    changed.lock()
    state.withLock { state in
      state.isStopped = true
      state.waiting = []
    }
    changed.broadcast()
    changed.unlock()
  }

  /// Stops, and waits until the thread has let go of the producer.
  func join() {
    stop()
    changed.lock()
    while state.withLock({ $0.isRunning }) { changed.wait() }
    changed.unlock()
  }

  /// How many elements wait.
  var waitingCount: Int { state.withLock { $0.waiting.count } }
}
