public import HoneIR

extension Dataset {
  /// Two parts of a dataset that share no sample: to train on, and held back to measure on. Both keep the order of the samples.
  public struct Parts: Sendable {
    public var training: Dataset
    public var held: Dataset
  }

  /// Holds back `share` of the samples, rounded, drawn at random; the same ones for the same `seed`. With `stratified`, every
  /// class gives its share to within one sample. A vocabulary that was built is built again, from the training part.
  public func split(_ share: Double, seed: UInt64, stratified: Bool = false) throws(GraphError) -> Parts {
    guard share > 0, share < 1 else {
      throw GraphError(.attribute, "a split takes a share between 0 and 1, not \(share)")
    }
    let wanted = Int((Double(count) * share).rounded())
    var quotas = [(samples: [Int], taken: Int)]()
    if stratified {
      let groups = try samplesByClass()
      quotas = zip(groups, Self.apportioned(wanted, groups.map(\.count))).map { ($0, $1) }
    } else {
      quotas = [(Array(0..<count), wanted)]
    }
    var held: [Int] = []
    for (group, quota) in quotas.enumerated() {
      var random = CounterGenerator(seed: seed, group)
      held += random.permutation(quota.samples.count).prefix(quota.taken).map { quota.samples[Int($0)] }
    }
    return try parts(held: held)
  }

  /// `count` ways to hold back one part of equal size (to within one sample), each sample in exactly one of them. With
  /// `stratified`, the parts have equal numbers of each class, to within one sample.
  public func folds(_ count: Int, seed: UInt64, stratified: Bool = false) throws(GraphError) -> [Parts] {
    guard count > 1, count <= self.count else {
      throw GraphError(.attribute, "\(self.count) samples can be folded 2 to \(self.count) times, not \(count)")
    }
    let groups = stratified ? try samplesByClass() : [Array(0..<self.count)]
    var held = [[Int]](repeating: [], count: count)
    var dealt = 0
    for (group, samples) in groups.enumerated() {
      var random = CounterGenerator(seed: seed, group)
      for place in random.permutation(samples.count) {
        held[dealt % count].append(samples[Int(place)])
        dealt += 1
      }
    }
    var folds: [Parts] = []
    for samples in held { folds.append(try parts(held: samples)) }
    return folds
  }

  /// Holds back the last `share` of the samples, rounded. `gap` samples between the parts are in neither: windows of a series
  /// overlap, and a gap of their length keeps what is measured out of what is learned.
  public func splitInTime(_ share: Double, gap: Int = 0) throws(GraphError) -> Parts {
    guard share > 0, share < 1 else {
      throw GraphError(.attribute, "a split takes a share between 0 and 1, not \(share)")
    }
    let cut = count - Int((Double(count) * share).rounded())
    guard gap >= 0, cut < count, cut - gap > 0 else {
      throw GraphError(
        .attribute, "\(count) samples leave nothing on one side of a split at \(cut) with a gap of \(gap)")
    }
    return try parts(training: Array(0..<cut - gap), held: Array(cut..<count))
  }

  /// The samples `indices` in the given order; one may come several times.
  public func selecting(_ indices: [Int]) -> Dataset { chosen(indices) }

  private func parts(held: [Int]) throws(GraphError) -> Parts {
    var isHeld = [Bool](repeating: false, count: count)
    for index in held { isHeld[index] = true }
    return try parts(training: isHeld.indices.filter { !isHeld[$0] }, held: isHeld.indices.filter { isHeld[$0] })
  }

  private func parts(training: [Int], held: [Int]) throws(GraphError) -> Parts {
    guard !training.isEmpty, !held.isEmpty else {
      throw GraphError(.attribute, "\(count) samples leave one side of the split empty")
    }
    return Parts(training: chosen(training), held: chosen(held))
  }

  private func samplesByClass() throws(GraphError) -> [[Int]] {
    var groups: [[Int]] = []
    for (sample, index) in try classIndices().enumerated() {
      while groups.count <= index { groups.append([]) }
      groups[index].append(sample)
    }
    return groups
  }

  /// `wanted` seats shared out in proportion to `sizes`: each its share rounded down, the rest to the largest remainders.
  static func apportioned(_ wanted: Int, _ sizes: [Int]) -> [Int] {
    let total = max(sizes.reduce(0, +), 1)
    var seats = sizes.map { $0 * wanted / total }
    let remainders = sizes.indices.map { sizes[$0] * wanted % total }
    let ranked = sizes.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
    for index in ranked.prefix(wanted - seats.reduce(0, +)) { seats[index] += 1 }
    return seats
  }
}
