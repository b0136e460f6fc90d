import HoneIR
import Testing

@testable import HoneDatasets

struct SplitTests {
  /// Samples whose value is their index, of the given classes.
  private func data(_ classes: [Int]) -> Dataset {
    let samples = classes.enumerated().map { index, label in
      Sample([NamedTensor("x", Tensor([Float(index)], shape: [1]))], label: .classIndex(label))
    }
    return Dataset(samples, classes: ["a", "b", "c"])
  }
  private func values(_ dataset: Dataset) throws -> [Int] {
    try (0..<dataset.count).map { Int(try dataset.sample(at: $0).inputs[0].tensor.floats[0]) }
  }
  private let uneven = (0..<97).map { $0 % 10 == 0 ? 2 : $0 % 3 == 0 ? 1 : 0 }

  @Test(arguments: [false, true]) func `parts are disjoint and complete`(stratified: Bool) throws {
    let data = data(uneven)
    let parts = try data.split(0.2, seed: 4, stratified: stratified)
    let (training, held) = (try values(parts.training), try values(parts.held))
    #expect(held.count == 19 && (training + held).sorted() == Array(0..<97))
    #expect(training == training.sorted() && held == held.sorted())
    #expect(try values(data.split(0.2, seed: 4, stratified: stratified).held) == held)
    #expect(try values(data.split(0.2, seed: 5, stratified: stratified).held) != held)
  }

  @Test(arguments: [0.05, 0.1, 0.33, 0.5, 0.9]) func `stratified parts have each class’s share`(share: Double) throws {
    let data = data(uneven)
    let whole = try data.classCounts()
    let held = try data.split(share, seed: 1, stratified: true).held.classCounts()
    for (part, all) in zip(held, whole) { #expect(abs(Double(part) - share * Double(all)) <= 1) }
  }

  @Test(arguments: [false, true]) func `folds hold back every sample once`(stratified: Bool) throws {
    let data = data(uneven)
    let folds = try data.folds(4, seed: 3, stratified: stratified)
    #expect(try folds.flatMap { try values($0.held) }.sorted() == Array(0..<97))
    #expect(folds.map(\.held.count).sorted() == [24, 24, 24, 25])
    for fold in folds {
      #expect(
        Set(try values(fold.training)).isDisjoint(with: try values(fold.held))
          && fold.training.count == 97 - fold.held.count)
    }
    guard stratified else { return }
    let counts = try folds.map { try $0.held.classCounts() }
    for index in 0..<3 {
      let each = counts.map { $0[index] }
      #expect(each.max()! - each.min()! <= 1)
    }
  }

  @Test func `the end is held back, with a gap`() throws {
    let parts = try data(uneven).splitInTime(0.1, gap: 5)
    #expect(try values(parts.held) == Array(87..<97) && values(parts.training) == Array(0..<82))
    #expect(message { try data(uneven).splitInTime(0.1, gap: 90) }.contains("leave nothing"))
  }

  @Test func `a split of a split counts its own samples`() throws {
    let part = try data(uneven).split(0.5, seed: 1).held
    let twice = try part.split(0.5, seed: 2)
    #expect(try (values(twice.training) + values(twice.held)).sorted() == values(part))
    #expect(try values(part.selecting([2, 0])) == [try values(part)[2], try values(part)[0]])
  }

  /// n / (classes · n of the class), as scikit-learn’s `balanced`.
  @Test func `classes are weighed`() throws {
    let data = data([0, 0, 0, 1, 1, 0])
    #expect(try data.classCounts() == [4, 2, 0] && data.classWeights() == [0.75, 1.5, 0])
    #expect(try data.balancedOrder(seed: 1) == .weighted([0.75, 0.75, 0.75, 1.5, 1.5, 0.75], seed: 1))
  }

  @Test func `shares that are none are errors`() {
    #expect(message { try data(uneven).split(1, seed: 0) }.contains("between 0 and 1"))
    #expect(message { try data([0, 1]).split(0.1, seed: 0) }.contains("empty"))
    #expect(message { try data([0, 1]).folds(3, seed: 0) }.contains("2 to 2 times"))
    let loose = Dataset([Sample([NamedTensor("x", .scalar(1 as Float))])])
    #expect(message { try loose.split(0.5, seed: 0, stratified: true) }.contains("sample 0 has no class"))
  }

  @Test func `samples in memory are the samples`() throws {
    let data = try data(uneven).split(0.3, seed: 1).held
    let resident = try data.inMemory()
    for index in 0..<data.count {
      let (a, b) = (try data.sample(at: index), try resident.sample(at: index))
      let label = try resident.label(at: index)
      #expect(a.inputs[0].tensor.isIdentical(to: b.inputs[0].tensor) && a.label == b.label && a.label == label)
    }
    #expect(message { try data.inMemory(limit: 8) }.contains("more than 8 bytes"))
    let mixed = Dataset((1..<4).map { Sample([NamedTensor("x", .zeros(TensorType(.uint8, [$0])))]) })
    #expect(
      try mixed.inMemory().sample(at: 2).inputs[0].tensor.sizes == [3]
        && mixed.inMemory().sample(at: 0).inputs[0].tensor.sizes == [1])
  }
}
