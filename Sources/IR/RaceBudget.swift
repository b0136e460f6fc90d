import Synchronization

/// Time that planning may spend on trying kernels, where a model of costs finds several about equal; all plans of a program
/// share it.
public final class RaceBudget: Sendable {
  private let left: Mutex<Duration>

  public init(_ total: Duration = .milliseconds(40)) { left = Mutex(total) }

  /// What is left; never below zero.
  public var remaining: Duration { left.withLock { $0 } }

  /// Takes the time that `body` needs from the budget.
  public func spend<T, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    let start = ContinuousClock.now
    let result = try body()
    let time = ContinuousClock.now - start
    left.withLock { $0 = max(.zero, $0 - time) }
    return result
  }
}
