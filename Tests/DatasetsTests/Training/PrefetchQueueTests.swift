import HoneIR
import Synchronization
import Testing

@testable import HoneDatasets

struct PrefetchQueueTests {
  /// What a producer has done, to be seen from outside.
  private final class Tally: Sendable {
    let made = Mutex(0)
    let isGone = Mutex(false)
    var count: Int { made.withLock { $0 } }
    var hasEnded: Bool { isGone.withLock { $0 } }
  }
  private final class Guard: Sendable {
    let tally: Tally
    init(_ tally: Tally) { self.tally = tally }
    deinit { tally.isGone.withLock { $0 = true } }
  }
  private struct Counter: Producer {
    var value = 0
    let end: Int
    let tally: Guard
    mutating func next() throws(GraphError) -> Int? {
      guard value < end else { return nil }
      value += 1
      tally.tally.made.withLock { $0 += 1 }
      return value
    }
  }
  /// Waits until `condition` holds, for ten seconds at most.
  private func waits(for condition: () -> Bool) async throws -> Bool {
    for _ in 0..<1000 {
      if condition() { return true }
      try await Task.sleep(for: .milliseconds(10))
    }
    return condition()
  }

  @Test func `no more is made ahead than the depth, and one in hand`() async throws {
    let tally = Tally()
    let queue = PrefetchQueue(Counter(end: 1000, tally: Guard(tally)), depth: 3)
    #expect(try await waits { tally.count == 4 })
    try await Task.sleep(for: .milliseconds(50))
    #expect(tally.count == 4 && queue.waitingCount == 3)
    for i in 1...1000 { #expect(try queue.next() == i) }
    #expect(try queue.next() == nil && queue.next() == nil)
  }

  @Test func `a stopped queue lets go of its producer`() async throws {
    let tally = Tally()
    let queue = PrefetchQueue(Counter(end: .max, tally: Guard(tally)), depth: 2)
    #expect(try queue.next() == 1)
    queue.join()
    #expect(try queue.next() == nil)
    #expect(try await waits { tally.hasEnded })
  }

  @Test func `batches that are forgotten end their thread`() async throws {
    let tally = Tally()
    do {
      let queue = PrefetchQueue(Counter(end: .max, tally: Guard(tally)), depth: 2)
      #expect(try queue.next() == 1)
      queue.stop()
    }
    #expect(try await waits { tally.hasEnded })
  }
}
