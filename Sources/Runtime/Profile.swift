public import HoneIR

/// Where the time of one run went.
public struct Profile: Sendable {
  public struct Entry: Sendable {
    public let name: String
    public let operatorName: String
    public let operands: [TensorType?]
    public let results: [TensorType]
    public let nanoseconds: UInt64
  }
  public let entries: [Entry]

  static func entries(_ plan: Plan, _ times: [UInt64]) -> [Entry] {
    zip(plan.steps, times).map { step, time in
      Entry(
        name: step.node.name, operatorName: step.node.op.qualifiedName, operands: step.types.operands,
        results: step.types.results,
        nanoseconds: time)
    }
  }
}
