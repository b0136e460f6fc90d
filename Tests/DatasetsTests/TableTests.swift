import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct TableTests {
  let scratch = Scratch()

  private func open(_ text: String, _ name: String = "a.csv", _ change: (inout DatasetOptions) -> Void = { _ in })
    throws -> Dataset
  {
    var options = DatasetOptions()
    change(&options)
    return try Dataset.open(scratch.write(text, name).path, options)
  }

  @Test func `words at the end are classes`() throws {
    let dataset = try open("a;b;kind\n1;2,5e0;x\n3;4;y\n\n-1;.5;x\n".replacingOccurrences(of: "2,5e0", with: "2.5e0"))
    #expect(dataset.count == 3 && dataset.classes == ["x", "y"] && dataset.content == .rows)
    #expect(
      try dataset.sample(at: 2)
        == Sample([NamedTensor("input", Tensor([-1, 0.5] as [Float], shape: [2]))], label: .classIndex(0)))
  }

  @Test func `quotes, line ends and empty fields`() throws {
    let text = "\u{feff}\"the, label\",x,y\r\n\"a \"\"b\"\", c\",1,\r\n\"two\nlines\",\"2\",NA\r\n"
    let dataset = try open(text) { $0.label = .name("the, label") }
    #expect(dataset.classes == ["a \"b\", c", "two\nlines"])
    let values = try dataset.sample(at: 0).inputs[0].tensor.floats
    #expect(values[0] == 1 && values[1].isNaN)
    #expect(try dataset.sample(at: 1).inputs[0].tensor.floats[0] == 2)
  }

  @Test func `labels by index, header or not`() throws {
    let dataset = try open("1\t2\t0\n3\t4\t1\n", "a.tsv") { $0.label = .index(-1) }
    #expect(dataset.count == 2 && dataset.classes == ["0", "1"])
    let plain = try open("1,2,0\n3,4,1\n") { $0.label = .some(.none) }
    #expect(plain.task == .unlabelled)
    #expect(try plain.sample(at: 1).inputs[0].tensor.floats == [3, 4, 1])
    let named = try open("y,a\n0.5,1\n1.5,2\n")
    #expect(named.task == .regression && named.notes == ["the label is taken from column 1 (y) of 2"])
    #expect(try named.sample(at: 1).label == .values([1.5]))
  }

  @Test func `whole numbers that do not start at 0`() throws {
    let dataset = try open("1.5,3\n2.5,7\n1.5,3\n")
    #expect(dataset.classes == ["3", "7"] && dataset.notes.last == "the labels 3, 7 are taken as classes 0 to 1")
    #expect(try dataset.sample(at: 1).label == .classIndex(1))
  }

  @Test func `errors name row and column`() throws {
    let ragged = try open("1,2,0\n3,1\n2,2,1\n") { $0.label = .some(.none) }
    #expect(message { try ragged.sample(at: 1) }.contains("row 2 has 2 columns, the first has 3"))
    #expect(message { try open("a,b\n1,2,z\n") }.contains("row 2 has 3 columns, the first has 2"))
    let wrong = try open("1,2,0\n3,z,1\n") { $0.label = .index(2) }
    #expect(message { try wrong.sample(at: 1) }.contains("row 2, column 2: ‘z’ is no number"))
    #expect(
      message { try open("a,b\n1,2\n") { $0.label = .name("c") } }.contains("has no column ‘c’; the columns are a, b"))
    #expect(message { try open("1,2\n") { $0.label = .index(5) } }.contains("outside"))
    #expect(message { try open("") }.contains("is empty"))
    #expect(message { try open("1,\"2\n3,4\n") }.contains("not closed"))
    #expect(message { try open("1\n2\n") }.contains("at least one feature"))
    #expect(message { try open("1,2,a\n3,4,b\n") { $0.classes = ["a", "c"] } }.contains("has the label ‘b’"))
  }

  @Test func `columns are normalized`() throws {
    let dataset = try open("1,2,0\n3,4,1\n").preprocessed(by: Preprocessing([.normalize(mean: [1, 2], std: [2, 4])]))
    #expect(try dataset.sample(at: 1).inputs[0].tensor.floats == [1, 0.5])
    #expect(
      message { try dataset.preprocessed(by: Preprocessing([.grayscale])).sample(at: 0) }.contains("does not apply"))
  }

  @Test(.enabled(if: shared("hand-gesture") != nil, Comment(rawValue: sharedHint))) func `real key points`() throws {
    let dataset = try Dataset.open(shared("hand-gesture/keypoint.csv")!.path)
    #expect(dataset.count == 4450 && dataset.classes == ["0", "1", "2"])
    #expect(try dataset.sample(at: 4449).inputs[0].tensor.sizes == [42])
  }
}
