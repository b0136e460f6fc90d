/// The learning rate of every step.
public struct LearningRate: Sendable, Codable, Hashable {
  public var base: Double
  public init(_ base: Double) { self.base = base }
  public func value(step: Int, of total: Int, plateau: Double) -> Double { base * plateau }
}
