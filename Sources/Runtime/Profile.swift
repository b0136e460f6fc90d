public import HoneIR

/// Where the time of one run went.
public struct Profile: Sendable {
  public struct Entry: Sendable {
    public let name: String
    public let operatorName: String
    public let operands: [TensorType?]
    public let results: [TensorType]
    /// From the beginning to the end on the thread that took longest.
    public var nanoseconds: UInt64
    /// What the threads together waited for the one that took longest.
    public var waiting: UInt64
  }
  public let entries: [Entry]

  static func entries(_ plan: Plan, _ times: [UInt64]) -> [Entry] {
    let threads = times.count / max(plan.steps.count, 1)
    return plan.steps.enumerated().map { i, step in
      let own = times[i * threads..<(i + 1) * threads]
      let longest = own.max() ?? 0
      return Entry(
        name: step.node.name, operatorName: step.node.op.qualifiedName, operands: step.types.operands,
        results: step.types.results, nanoseconds: longest, waiting: own.reduce(0) { $0 + longest - $1 })
    }
  }
}
