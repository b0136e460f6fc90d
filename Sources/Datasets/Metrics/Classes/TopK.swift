/// The share of samples whose class is among the `count` with the highest probabilities; of equals, the first counts as higher.
public struct TopK: ClassMetric {
  public let count: Int
  private var hits = 0
  private var total = 0
  public init(_ count: Int) { self.count = max(count, 1) }

  public mutating func add(_ probabilities: [Double], label: Int) {
    total += 1
    let own = probabilities[label]
    guard !own.isNaN else { return }
    var ahead = 0
    for (index, value) in probabilities.enumerated() where value > own || value == own && index < label { ahead += 1 }
    if ahead < count { hits += 1 }
  }
  public var value: Double? { total == 0 ? nil : Double(hits) / Double(total) }
}
