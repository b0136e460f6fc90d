import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct NumPyArchiveTests {
  let scratch = Scratch()
  static let stored =
    "UEsDBC0AAAAAAAAAIQDMypy9//////////8FABQAeC5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCAyKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAAABAQAAAgEAAAKBAUEsDBC0AAAAAAAAAIQDm81VN//////////8FABQAeS5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAAAACAAAAAAAAAAEAAAAAAAAAUEsBAi0DLQAAAAAAAAAhAMzKnL2YAAAAmAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAAAAAAhAObzVU2YAAAAmAAAAAUAAAAAAAAAAAAAAIABzwAAAHkubnB5UEsFBgAAAAACAAIAZgAAAJ4BAAAAAA=="
  static let deflated =
    "UEsDBC0AAAAIAAAAIQDMypy9//////////8FABQAeC5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAObzVU3//////////wUAFAB5Lm5weQEAEACYAAAAAAAAAEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqaOgq1ChQALgYoYILSjFAaAFBLAQItAy0AAAAIAAAAIQDMypy9VQAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5weVBLAQItAy0AAAAIAAAAIQDm81VNTAAAAJgAAAAFAAAAAAAAAAAAAACAAYwAAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAPAQAAAAA="

  @Test(arguments: [stored, deflated]) func `archives that NumPy wrote`(file: String) throws {
    let url = try scratch.write(base64: file, "a.npz")
    let arrays = try NumPyArchive.read(url)
    #expect(arrays.map(\.name) == ["x", "y"])
    #expect(arrays[0].tensor.isIdentical(to: Tensor((0..<6).map(Float.init), shape: [3, 2])))
    #expect(arrays[1].tensor.isIdentical(to: .integers([0, 2, 1])))

    let dataset = try Dataset.open(url.path)
    #expect(dataset.count == 3 && dataset.task == .classification && dataset.classes == ["0", "1", "2"])
    let sample = try dataset.sample(at: 1)
    #expect(sample == Sample([NamedTensor("x", Tensor([2, 3] as [Float], shape: [2]))], label: .classIndex(2)))
  }

  @Test(arguments: [false, true]) func `what is written is read`(compressed: Bool) throws {
    let url = scratch.url.appendingPathComponent("b.npz")
    let big = Tensor((0..<300_000).map { Float($0 % 1000) }, shape: [300, 1000])
    let arrays: [(name: String, tensor: Tensor)] = [
      ("x/1", big), ("names", Tensor(strings: ["ä", "b"], shape: [2])), ("s", .scalar(1.5 as Float)),
    ]
    try NumPyArchive.write(arrays, to: url, compressed: compressed)
    let found = try NumPyArchive.read(url)
    #expect(found.map(\.name) == arrays.map(\.name))
    for (a, b) in zip(found, arrays) { #expect(a.tensor.isIdentical(to: b.tensor)) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["b.npz"])
  }

  @Test func `damage is found`() throws {
    var bytes = [UInt8](Data(base64Encoded: Self.stored)!)
    let plain = bytes
    bytes[170] ^= 1
    #expect(message { try NumPyArchive.read(scratch.write(bytes, "a.npz")) }.contains("checksum"))
    #expect(message { try NumPyArchive.read(scratch.write(plain.prefix(500), "a.npz")) }.contains("no zip file"))
    #expect(
      message { try NumPyArchive(scratch.write(plain, "a.npz")).tensor("z") }.contains("has no array ‘z’; it has x, y"))
  }

  @Test func `arrays of different lengths are an error`() throws {
    let url = scratch.url.appendingPathComponent("c.npz")
    try NumPyArchive.write([("a", .integers([1, 2])), ("b", .integers([1]))], to: url)
    #expect(message { try Dataset.open(url.path) }.contains("the first axis counts samples and must agree"))
  }

  @Test func `splits by name, targets and one-hot labels`() throws {
    let url = scratch.url.appendingPathComponent("d.npz")
    let x = Tensor([Float](repeating: 1, count: 4), shape: [2, 2])
    try NumPyArchive.write(
      [
        ("x_train", x), ("y_train", Tensor([1.5, 2] as [Float], shape: [2])), ("x_test", x),
        ("y_test", Tensor([3, 4] as [Float], shape: [2])),
      ],
      to: url)
    let test = try Dataset.open(url.path)
    #expect(
      test.split == .test && test.task == .regression && test.notes == ["of the splits train and test, test is used"])
    #expect(try test.sample(at: 0).label == .values([3]))
    var options = DatasetOptions()
    options.split = .train
    #expect(try Dataset.open(url.path, options).sample(at: 1).label == .values([2]))

    try NumPyArchive.write([("x", x), ("labels", Tensor([0, 1, 1, 0] as [Float], shape: [2, 2]))], to: url)
    #expect(try Dataset.open(url.path).sample(at: 0).label == .values([0, 1]))
    options.task = .classification
    #expect(try Dataset.open(url.path, options).sample(at: 0).label == .classIndex(1))
  }
}
