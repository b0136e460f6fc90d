/// Steps of a round brought into a new order, in which what a step reads stays before it.
struct StepPlacement {
  private(set) var order: [Int] = []
  private(set) var isPlaced: [Bool]
  /// Who reads a slot, in their first order.
  let readers: [Int: [Int]]
  /// The steps that make what a step reads.
  private let sources: [[Int]]

  init(_ steps: [Planner.Round.DraftStep]) {
    var producer: [Int: Int] = [:], readers: [Int: [Int]] = [:]
    for (i, step) in steps.enumerated() {
      for case let slot? in step.results { producer[slot] = i }
      for slot in Set(step.operands.compactMap(\.self)) { readers[slot, default: []].append(i) }
    }
    self.readers = readers
    sources = steps.map { $0.operands.compactMap { $0.flatMap { producer[$0] } } }
    isPlaced = Array(repeating: false, count: steps.count)
  }

  mutating func place(_ i: Int) {
    order.append(i)
    isPlaced[i] = true
  }

  /// Not placed yet, though all that it reads is.
  func isReady(_ i: Int) -> Bool { !isPlaced[i] && sources[i].allSatisfy { isPlaced[$0] } }
}
