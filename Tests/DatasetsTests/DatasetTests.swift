import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct DatasetTests {
  let scratch = Scratch()
  private func numbers(_ count: Int) -> Dataset {
    Dataset((0..<count).map { Sample([NamedTensor("x", Tensor([Float($0)], shape: [1]))], label: .classIndex($0 % 2)) })
  }
  private func values(_ dataset: Dataset) throws -> [Float] {
    try (0..<dataset.count).map { try dataset.sample(at: $0).inputs[0].tensor.floats[0] }
  }

  @Test func `batches`() throws {
    var batches = numbers(5).batches(of: 2)
    #expect(try batches.next()?["x"]?.isIdentical(to: Tensor([0, 1] as [Float], shape: [2, 1])) == true)
    #expect(try batches.next()?.labels == [.classIndex(0), .classIndex(1)])
    #expect(try batches.next()?.count == 1)
    #expect(try batches.next() == nil && batches.position == 5)
  }

  @Test func `batches are cut where types change`() throws {
    let samples = [1, 1, 2, 1].map { Sample([NamedTensor("x", .zeros(TensorType(.float32, [$0])))]) }
    var batches = Dataset(samples).batches(of: 3)
    var counts: [Int] = []
    while let batch = try batches.next() { counts.append(batch.count) }
    #expect(counts == [2, 1, 1])
  }

  @Test func `subsets depend on the seed only`() throws {
    let all = numbers(100)
    let subset = try values(all.subset(count: 10, seed: 1))
    #expect(subset == subset.sorted() && Set(subset).count == 10)
    #expect(try values(all.subset(count: 10, seed: 1)) == subset)
    #expect(try values(all.subset(count: 10, seed: 2)) != subset)
    #expect(all.subset(count: 1000, seed: 1).count == 100)
    #expect(try values(all.slice(10..<20).subset(count: 3, seed: 5)).allSatisfy { (10..<20).contains($0) })
    #expect(try Set(values(all.shuffled(seed: 3))).count == 100)
  }

  @Test func `inputs are bound to the model’s names`() throws {
    let two = Dataset([Sample([NamedTensor("a", .integers([1])), NamedTensor("b", .integers([2]))])])
    let bound = try two.bound(to: ["b"])
    #expect(try bound.sample(at: 0).inputs.map(\.name) == ["b"])
    #expect(bound.notes == ["arrays that are no inputs of the model are left out: a"])
    #expect(try numbers(1).bound(to: ["image"]).sample(at: 0)["image"] != nil)
    #expect(message { try two.bound(to: ["c", "a"]) }.contains("inputs are ‘c’, ‘a’; the data has ‘a’, ‘b’"))
  }

  @Test func `folders with one archive per run`() throws {
    for i in [10, 9] {
      let inputs: [(name: String, tensor: Tensor)] = [("input_0", .integers([i, i])), ("output_0", .integers([0]))]
      try NumPyArchive.write(inputs, to: scratch.url.appendingPathComponent("set_\(i).npz"))
    }
    let dataset = try Dataset.open(scratch.url.path).bound(to: ["ids"])
    #expect(dataset.count == 2 && dataset.hasBatchAxis)
    var batches = dataset.batches(of: 8)
    #expect(try batches.next()?["ids"]?.isIdentical(to: .integers([9, 9])) == true)
    #expect(try batches.next()?.count == 1)
  }

  @Test func `folders of folders with arrays`() throws {
    try FileManager.default.createDirectory(
      at: scratch.url.appendingPathComponent("test_data_set_0"), withIntermediateDirectories: true)
    try NumPyFile.write(.integers([4]), to: scratch.url.appendingPathComponent("test_data_set_0/x.npy"))
    try scratch.write("abc", "test_data_set_0/y.pb")
    #expect(try Dataset.open(scratch.url.path).sample(at: 0).inputs.map(\.name) == ["x"])
    var options = DatasetOptions()
    let reader: @Sendable (URL) throws(GraphError) -> Tensor = { (_: URL) throws(GraphError) -> Tensor in .integers([5])
    }
    options.tensorReaders = ["pb": reader]
    #expect(try Dataset.open(scratch.url.path, options).sample(at: 0)["y"] == .integers([5]))
  }

  @Test func `files by split`() throws {
    try scratch.write("a,0.5\n", "train.txt")
    try scratch.write("1,0\n2,1\n", "train.csv")
    try scratch.write("3,0\n", "test.csv")
    var options = DatasetOptions()
    options.split = .train
    #expect(try Dataset.open(scratch.url.path, options).count == 2)
    #expect(try Dataset.open(scratch.url.path).split == .test)
  }

  @Test func `errors name the path and what is expected`() throws {
    let missing = message { try Dataset.open("/no/such/place") }
    #expect(missing.contains("/no/such/place") && missing.contains("data is a .npz file"))
    try scratch.write("hello", "a.bin")
    #expect(message { try Dataset.open(scratch.url.path) }.contains("it has a.bin"))
    #expect(message { try Dataset.open(scratch.url.appendingPathComponent("a.bin").path) }.contains("no known kind"))
  }
}
