public import HoneIR

extension Dataset {
  /// How many samples each class has, by class index.
  public func classCounts() throws(GraphError) -> [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for index in try classIndices() {
      if index >= counts.count { counts += [Int](repeating: 0, count: index + 1 - counts.count) }
      counts[index] += 1
    }
    return counts
  }

  /// Weights for a loss under which all classes that occur count alike: samples / (classes · samples of the class). The mean over
  /// the samples is 1; a class without samples has weight 0.
  public func classWeights() throws(GraphError) -> [Float] {
    let counts = try classCounts()
    let present = counts.count { $0 > 0 }
    return counts.map { $0 == 0 ? 0 : Float(Double(count) / (Double(present) * Double($0))) }
  }

  /// Draws with replacement, in which every class that occurs is equally likely.
  public func balancedOrder(seed: UInt64) throws(GraphError) -> SampleOrder {
    let weights = try classWeights()
    return .weighted(try classIndices().map { weights[$0] }, seed: seed)
  }

  /// The class of every sample, in order.
  public func classIndices() throws(GraphError) -> [Int] {
    var indices: [Int] = []
    indices.reserveCapacity(count)
    for index in 0..<count {
      guard let label = try label(at: index)?.classIndex, label >= 0 else {
        throw GraphError(.input, "sample \(index) has no class; classes are needed here")
      }
      indices.append(label)
    }
    return indices
  }
}
