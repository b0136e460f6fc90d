import HoneIR
import Synchronization

/// Plans by the types of the values they start from, and by the contents of those that decide about shapes.
final class PlanCache: Sendable {
  struct Key: Hashable, Sendable {
    var types: [ValueType]
    var contents: [Tensor?]
  }
  private struct Entries {
    var plans: [Key: Plan] = [:]
    var order: [Key] = []
  }
  /// Shapes beyond this many push out the ones used first.
  private let capacity = 16
  private let entries = Mutex(Entries())

  func plan(for key: Key, _ make: () throws(GraphError) -> Plan) throws(GraphError) -> Plan {
    if let known = entries.withLock({ $0.plans[key] }) { return known }
    let plan = try make()
    entries.withLock {
      $0.plans[key] = plan
      $0.order.append(key)
      if $0.order.count > capacity { $0.plans[$0.order.removeFirst()] = nil }
    }
    return plan
  }
}
