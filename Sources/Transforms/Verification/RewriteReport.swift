/// What was done to a graph, and how it was checked.
public struct RewriteReport: Sendable, Codable {
  public struct Step: Sendable, Codable {
    public var name: String
    /// How often each rule fired.
    public var rules: [String: Int] = [:]
    public var nodesBefore: Int
    public var nodesAfter: Int
    /// On how many inputs the graphs were compared.
    public var inputCount = 0
    /// The largest difference of any output, relative to its scale.
    public var maximumDeviation = 0.0
    /// Why the step was undone, or nil.
    public var rolledBack: String?
  }

  public var steps: [Step] = []
  public var nodesBefore: Int
  public var nodesAfter: Int
  /// Inputs that graphs were compared on.
  public var inputCount = 0
  /// Inputs that the original could not run on, or gave infinities or NaN for.
  public var skippedInputCount = 0
  /// What else a reader must know, such as checks that were made less often because runs take long.
  public var notes: [String] = []

  public var rolledBack: [Step] { steps.filter { $0.rolledBack != nil } }
  /// How often each rule fired in steps that were kept.
  public var rules: [String: Int] {
    steps.filter { $0.rolledBack == nil }.reduce(into: [:]) { $0.merge($1.rules, uniquingKeysWith: +) }
  }
}
