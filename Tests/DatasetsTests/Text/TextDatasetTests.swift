import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct TextDatasetTests {
  @Test func `lines of label and text`() throws {
    let scratch = Scratch()
    let file = try scratch.write("good\tgreat film\r\n\nbad\ta dull\tfilm\ngood\tgreat", "reviews.txt")
    var options = DatasetOptions()
    options.text = TextOptions(length: 3)
    let data = try Dataset.open(file.path, options)
    #expect(data.count == 3 && data.classes == ["bad", "good"] && data.task == .classification)
    #expect(data.tokenizer?.words == ["film", "great", "a", "dull"])
    let samples = try (0..<3).map { try data.sample(at: $0) }
    #expect(samples.map { $0.inputs[0].tensor.integers } == [[3, 2, 0], [4, 5, 2], [3, 0, 0]])
    #expect(samples.map(\.label) == [.classIndex(1), .classIndex(0), .classIndex(1)])
    try scratch.write("good great film", "reviews.txt")
    #expect(message { try Dataset.open(file.path, options) }.contains("line 1 is not a label, a tab and a text"))
  }

  @Test func `a split builds the vocabulary from its training part`() throws {
    let scratch = Scratch()
    let lines = (0..<10).map { "\($0 % 2)\tword\($0) all" }.joined(separator: "\n")
    var options = DatasetOptions()
    options.text = TextOptions(length: 2)
    let path = try scratch.write(lines, "a.tsv").path
    let parts = try Dataset.open(path, options).split(0.3, seed: 1)
    #expect(parts.training.tokenizer?.words.count == 8 && parts.held.tokenizer == parts.training.tokenizer)
    for index in 0..<3 { #expect(try parts.held.sample(at: index).inputs[0].tensor.integers == [1, 2]) }
    options.text?.tokenizer = try Tokenizer(words: ["all"], length: 2)
    let given = try Dataset.open(path, options).split(0.3, seed: 1)
    #expect(given.training.tokenizer?.words == ["all"] && given.held.tokenizer?.words == ["all"])
  }

  @Test func `files of splits share the vocabulary of the training file`() throws {
    let scratch = Scratch()
    try scratch.write("a\tred apple\nb\tred carrot", "train.txt")
    try scratch.write("b\tgreen carrot", "val.txt")
    var options = DatasetOptions()
    options.text = TextOptions(length: 2)
    options.split = .validation
    options.classes = ["a", "b"]
    let data = try Dataset.open(scratch.url.path, options)
    #expect(data.split == .validation && data.tokenizer?.words == ["red", "apple", "carrot"])
    #expect(try data.sample(at: 0).inputs[0].tensor.integers == [1, 4] && data.label(at: 0) == .classIndex(1))
  }

  @Test func `folders of texts, the vocabulary is that of the training split`() throws {
    let scratch = Scratch()
    try scratch.write("red apple", "train/fruit/1.txt")
    try scratch.write("red carrot", "train/root/1.txt")
    try scratch.write("green apple", "test/fruit/1.txt")
    try scratch.write("red", "test/root/x.txt")
    var options = DatasetOptions()
    options.text = TextOptions(length: 2)
    let data = try Dataset.open(scratch.url.path, options)
    #expect(
      data.split == .test && data.classes == ["fruit", "root"] && data.tokenizer?.words == ["red", "apple", "carrot"])
    #expect(try data.sample(at: 0).inputs[0].tensor.integers == [1, 3] && data.label(at: 1) == .classIndex(1))
    options.split = .train
    #expect(try Dataset.open(scratch.url.path, options).tokenizer == data.tokenizer)
    let batch = try #require(
      try TrainingBatches(Dataset.open(scratch.url.path, options), batch: 2, order: .stored).next())
    #expect(batch.inputs[0].tensor.integers == [2, 3, 2, 4] && batch.targets.integers == [0, 1])
  }
}
