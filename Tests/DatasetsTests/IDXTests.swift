import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct IDXTests {
  let scratch = Scratch()

  private func writeTest() throws {
    try scratch.write(idx(8, [3, 2, 2], Array(0..<12)), "t10k-images-idx3-ubyte")
    try scratch.write(idx(8, [3], [2, 0, 1]), "t10k-labels-idx1-ubyte")
  }

  @Test func `folders named as MNIST`() throws {
    try writeTest()
    let dataset = try Dataset.open(scratch.url.path)
    #expect(
      dataset.count == 3 && dataset.content == .images && dataset.classes == ["0", "1", "2"] && dataset.split == .test)
    let sample = try dataset.sample(at: 1)
    #expect(sample.inputs[0].tensor.isIdentical(to: Tensor([4, 5, 6, 7] as [UInt8], shape: [2, 2])))
    #expect(sample.label == .classIndex(0))
    let file = try Dataset.open(scratch.url.appendingPathComponent("t10k-images-idx3-ubyte").path)
    #expect(try file.sample(at: 2).label == .classIndex(1))
  }

  @Test func `missing files are named`() throws {
    try writeTest()
    var options = DatasetOptions()
    options.split = .train
    let text = message { try Dataset.open(scratch.url.path, options) }
    #expect(text.contains("train-images-idx3-ubyte, train-labels-idx1-ubyte missing"))
    #expect(text.contains("t10k-labels-idx1-ubyte (test)") && text.contains(scratch.url.path))
  }

  @Test func `big-endian floats`() throws {
    let file = try IDXFile(scratch.write(idx(0x0d, [2], [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]), "floats"))
    #expect(try file.tensor().floats == [1, -2])
  }

  @Test func `damaged files are errors`() throws {
    let file = idx(8, [3, 2, 2], Array(0..<11))
    #expect(message { try IDXFile(scratch.write(file, "a")) }.contains("announces uint8[3×2×2], but has 11 bytes"))
    let huge = idx(0x0e, [1 << 31, 1 << 31, 1 << 31], [])
    #expect(message { try IDXFile(scratch.write(huge, "a")) }.contains("announces"))
    #expect(message { try IDXFile(scratch.write([0x1f, 0x8b, 8, 0, 0], "a")) } != "")
    #expect(
      message { try Dataset.open(scratch.write(idx(8, [1 << 31, 0, 0], []), "b-images-idx3").path) }.contains(
        "holds nothing"))
    try writeTest()
    try scratch.write(idx(8, [2], [2, 0]), "t10k-labels-idx1-ubyte")
    #expect(message { try Dataset.open(scratch.url.path) }.contains("2 labels for 3 images"))
  }

  @Test func `standard preprocessing scales bytes`() throws {
    try writeTest()
    let raw = try Dataset.open(scratch.url.path)
    let input = TensorType(.float32, [.symbol("N"), .fixed(1), .fixed(2), .fixed(2)])
    let dataset = try raw.prepared(metadata: [:], input: input)
    #expect(dataset.notes.last == "the model declares no preprocessing: images are scaled by 1/255, laid out NCHW")
    let tensor = try dataset.sample(at: 2).inputs[0].tensor
    #expect(tensor.isIdentical(to: Tensor([8, 9, 10, 11].map { Float($0) * (1 / 255) }, shape: [1, 2, 2])))
    let flat = try raw.prepared(metadata: [:], input: TensorType(.float32, [1, 4]))
    #expect(try flat.sample(at: 0).inputs[0].tensor.sizes == [4])
    let large = try raw.prepared(metadata: [:], input: TensorType(.uint8, [1, 6, 4, 3]))
    #expect(try large.sample(at: 0).inputs[0].tensor.type == TensorType(.uint8, [6, 4, 3]))
  }

  @Test(.enabled(if: shared("mnist") != nil, Comment(rawValue: sharedHint))) func `real MNIST, gzip`() throws {
    let dataset = try Dataset.open(shared("mnist")!.path)
    #expect(dataset.count == 10000 && dataset.classes.count == 10)
    #expect(try dataset.sample(at: 0).label == .classIndex(7))
    #expect(try dataset.sample(at: 0).inputs[0].tensor.type == TensorType(.uint8, [28, 28]))
  }
}
