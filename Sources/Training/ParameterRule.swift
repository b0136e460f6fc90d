/// What holds for the weights that a selector finds.
public struct ParameterRule: Sendable, Hashable, Codable {
  /// Which weights; what is absent selects all.
  public struct Selector: Sendable, Hashable, Codable {
    /// A pattern of names, in which `*` stands for any characters and `?` for one.
    public var name: String?
    /// The operator that reads the weight, such as `Conv`.
    public var operation: String?
    /// How many axes the weight has.
    public var axisCount: Int?

    public init(name: String? = nil, operation: String? = nil, axisCount: Int? = nil) {
      (self.name, self.operation, self.axisCount) = (name, operation, axisCount)
    }
  }
  public var selector: Selector
  /// The weights stay as they are.
  public var isFrozen: Bool?
  /// What the learning rate is multiplied by.
  public var rate: Float?
  public var weightDecay: Float?

  public init(_ selector: Selector, isFrozen: Bool? = nil, rate: Float? = nil, weightDecay: Float? = nil) {
    (self.selector, self.isFrozen, self.rate, self.weightDecay) = (selector, isFrozen, rate, weightDecay)
  }
}

extension ParameterRule.Selector {
  func selects(name: String, operations: Set<String>, axisCount: Int) -> Bool {
    if let pattern = self.name, !Self.matches(Array(pattern), Array(name)) { return false }
    if let operation, !operations.contains(operation) { return false }
    return self.axisCount.map { $0 == axisCount } ?? true
  }

  /// Goes back to the last `*` where characters do not agree.
  private static func matches(_ pattern: [Character], _ text: [Character]) -> Bool {
    var (p, t) = (0, 0)
    var retry: (pattern: Int, text: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        retry = (p, t)
        p += 1
      } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
        (p, t) = (p + 1, t + 1)
      } else if let last = retry {
        retry = (last.pattern, last.text + 1)
        (p, t) = (last.pattern + 1, last.text + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == "*" }
  }
}
