import HoneKernels
import Synchronization
import Testing

struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 5])
  func `each worker runs once per region`(threads: Int) {
    for _ in 0..<2000 {
      let seen = Atomic<Int>(0), calls = Atomic<Int>(0)
      ThreadPool.shared.run(threads: threads) { worker, count in
        seen.bitwiseOr(1 << worker, ordering: .relaxed)
        calls.wrappingAdd(1, ordering: .relaxed)
        if count != threads { seen.bitwiseOr(1 << 40, ordering: .relaxed) }
      }
      #expect(seen.load(ordering: .relaxed) == (1 << threads) - 1)
      #expect(calls.load(ordering: .relaxed) == threads)
    }
  }

  @Test func `a barrier separates steps`() {
    let barrier = Barrier(), steps = 500
    let total = Atomic<Int>(0), wrong = Atomic<Int>(0)
    ThreadPool.shared.run(threads: 3) { _, count in
      for step in 1...steps {
        total.wrappingAdd(1, ordering: .relaxed)
        barrier.wait(count: count)
        if total.load(ordering: .relaxed) != step * count { wrong.wrappingAdd(1, ordering: .relaxed) }
        barrier.wait(count: count)
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
  }

  @Test func `sleeping workers wake`() async throws {
    for _ in 0..<20 {
      let calls = Atomic<Int>(0)
      try await Task.sleep(for: .milliseconds(2))
      ThreadPool.shared.run(threads: 2) { _, _ in calls.wrappingAdd(1, ordering: .relaxed) }
      #expect(calls.load(ordering: .relaxed) == 2)
    }
  }

  @Test func `regions of several callers queue and nested ones run alone`() async {
    let calls = Counter()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<100 {
            ThreadPool.shared.run(threads: 2) { _, _ in
              ThreadPool.shared.run(threads: 2) { _, count in calls.add(count) }
            }
          }
        }
      }
    }
    #expect(calls.value == 8 * 100 * 2)
  }

  @Test func `denormals are flushed inside a region and kept outside`() {
    let tiny = Float.leastNormalMagnitude, flushed = Atomic<Int>(0)
    ThreadPool.shared.run(threads: 2) { _, _ in
      if halve(tiny) == 0 { flushed.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(flushed.load(ordering: .relaxed) == 2)
    #expect(halve(tiny) > 0)
  }

  @Test func `a stored body runs again and again`() {
    let calls = Counter()
    let body: ThreadPool.Body = { _, count in calls.add(count) }
    for _ in 0..<100 { ThreadPool.shared.run(threads: 3, stored: body) }
    #expect(calls.value == 900)
  }

  @Test func `at least one CPU`() { #expect(ThreadPool.shared.cpuCount >= 1) }
}

@inline(never) func halve(_ x: Float) -> Float { x * 0.5 }

final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func add(_ n: Int) { count.wrappingAdd(n, ordering: .relaxed) }
  var value: Int { count.load(ordering: .relaxed) }
}
