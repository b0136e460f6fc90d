import Synchronization

/// Operands whose values an operator asked for while they were not known.
public final class WantedValues: Sendable {
  private let indices = Mutex<Set<Int>>([])
  public init() {}
  func note(_ operand: Int) { indices.withLock { _ = $0.insert(operand) } }
  public var all: Set<Int> { indices.withLock { $0 } }
}
