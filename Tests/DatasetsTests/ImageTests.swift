import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

struct ImageTests {
  let scratch = Scratch()
  /// 9×7 pixels: channel c at (x, y) is 37x + 91y + 53c + 7xy modulo 256.
  static let png =
    "iVBORw0KGgoAAAANSUhEUgAAAAkAAAAHCAIAAABV+fA3AAAAfElEQVR4nGNkMM1SxQEYoycc1cEBGLe9VjDGARgF3aqtcACGnIXX1j4Sf6ccoZ8ys2DprY3PpD+pxxhnzC1ZeY/h+B9DfpfK8J6D869wPpcJ1E+ZWb7m4f4vmuw2hQxK4T2Fy24f+KrF71IZN/nE2kfifwzTvBu2zjrPAgD5ED+T+IcdigAAAABJRU5ErkJggg=="
  static let jpeg =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/wAALCAAHAAkBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AL1poHhyTw4/hK1it4NCu9Bt9Q2Wlutpob6RJfGG2uf7MWOWJYXnhmEbXcGpXZQL5sdscEQ/8Ip8b/8Ao2bSv/DT+DP/AJZ1/9k="
  static let colorJPEG =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoKCgoKBggLDAsKDAkKCgr/2wBDAQICAgICAgUDAwUKBwYHCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgr/wAARCAAIAAgDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD5fooorQ/1AP/Z"

  static var pattern: Tensor {
    var pixels: [UInt8] = []
    for y in 0..<7 {
      for x in 0..<9 { for c in 0..<3 { pixels.append(UInt8((x * 37 + y * 91 + c * 53 + x * y * 7) % 256)) } }
    }
    return Tensor(pixels, shape: [7, 9, 3])
  }

  @Test func `PNG`() throws {
    let bytes = [UInt8](Data(base64Encoded: Self.png)!)
    #expect(try ImageFile.decode(bytes).isIdentical(to: Self.pattern))
    #expect(message { try ImageFile.decode(Array(bytes.prefix(90))) }.contains("damaged PNG"))
  }

  @Test func `JPEG`() throws {
    let bytes = [UInt8](Data(base64Encoded: Self.jpeg)!)
    let gray = try ImageFile.decode(bytes)
    #expect(gray.type == TensorType(.uint8, [7, 9, 1]))
    let row = zip(gray.integers, [42, 79, 118, 153, 196, 197, 86, 45, 83])
    #expect(row.allSatisfy { abs($0 - $1) <= 2 })
    let color = try ImageFile.decode([UInt8](Data(base64Encoded: Self.colorJPEG)!))
    #expect(
      color.type == TensorType(.uint8, [8, 8, 3])
        && zip(color.integers, [200, 31, 90]).allSatisfy { abs($0 - $1) <= 2 })
    #expect(message { try ImageFile.decode(Array(bytes.prefix(250))) }.contains("damaged JPEG"))
  }

  @Test func `BMP of 24 bits, from the bottom, rows of a multiple of 4 bytes`() throws {
    let header: [UInt8] =
      Array("BM".utf8) + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0]
    let rows: [UInt8] = [3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0]
    let file = header + [UInt8](repeating: 0, count: 24) + rows
    let expected = Tensor([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6] as [UInt8], shape: [2, 2, 3])
    #expect(try ImageFile.decode(file).isIdentical(to: expected))
    #expect(message { try ImageFile.decode(Array(file.dropLast(3))) }.contains("ends early"))
    var huge = file
    huge.replaceSubrange(18..<26, with: [255, 255, 255, 127, 255, 255, 255, 127])
    #expect(message { try ImageFile.decode(huge) }.contains("is refused"))
  }

  @Test func `PPM and PGM`() throws {
    #expect(try ImageFile.decode(pgm(2, 1, [5, 250])).isIdentical(to: Tensor([5, 250] as [UInt8], shape: [1, 2, 1])))
    let text = Array("P3 1 2 15\n0 15 7\n1 2 3".utf8)
    #expect(
      try ImageFile.decode(text).isIdentical(to: Tensor([0, 255, 119, 17, 34, 51] as [UInt8], shape: [2, 1, 3])))
    #expect(try ImageFile.decode(Array("P5 1 1 65535 ".utf8) + [128, 0]).integers == [128])
    #expect(message { try ImageFile.decode(pgm(2, 2, [1, 2, 3])) }.contains("ends early"))
    #expect(message { try ImageFile.decode(Array("P2 9999999999 9999999999 255 1".utf8)) }.contains("refused"))
  }

  @Test func `a folder for each class`() throws {
    try scratch.write(pgm(1, 1, [9]), "b/2.pgm")
    try scratch.write(pgm(1, 1, [8]), "b/10.PGM")
    try scratch.write(base64: Self.png, "a/x.png")
    try scratch.write("no image", "a/read.me")
    let dataset = try Dataset.open(scratch.url.path)
    #expect(dataset.count == 3 && dataset.classes == ["a", "b"] && dataset.content == .images)
    #expect(try dataset.sample(at: 0) == Sample([NamedTensor("input", Self.pattern)], label: .classIndex(0)))
    #expect(
      try dataset.sample(at: 1).inputs[0].tensor.isIdentical(to: Tensor([9, 9, 9] as [UInt8], shape: [1, 1, 3])))
    var options = DatasetOptions()
    options.color = .grayscale
    #expect(try Dataset.open(scratch.url.path, options).sample(at: 2).inputs[0].tensor.sizes == [1, 1, 1])
    try scratch.write("no image", "b/3.png")
    #expect(message { try Dataset.open(scratch.url.path).sample(at: 2) }.contains("b/3.png"))
  }

  @Test func `splits of images share their classes`() throws {
    try scratch.write(pgm(1, 1, [9]), "train/cat/1.pgm")
    try scratch.write(pgm(1, 1, [9]), "train/ape/1.pgm")
    try scratch.write(pgm(1, 1, [9]), "val/cat/1.pgm")
    let dataset = try Dataset.open(scratch.url.path)
    #expect(dataset.split == .validation && dataset.classes == ["ape", "cat"])
    #expect(try dataset.sample(at: 0).label == .classIndex(1))
    var options = DatasetOptions()
    options.split = .test
    #expect(
      message { try Dataset.open(scratch.url.path, options) }.contains("has no test split; it has train and validation")
    )
  }

  @Test(.enabled(if: shared("set5") != nil, Comment(rawValue: sharedHint))) func `real bitmaps`() throws {
    let dataset = try Dataset.open(shared("set5")!.path)
    #expect(dataset.count == 5 && dataset.task == .unlabelled)
    var sizes: [[Int]] = []
    var batches = dataset.batches(of: 4)
    while let batch = try batches.next() { sizes.append(batch.inputs[0].tensor.sizes) }
    #expect(sizes == [[1, 512, 512, 3], [1, 288, 288, 3], [1, 256, 256, 3], [1, 280, 280, 3], [1, 344, 228, 3]])
  }
}
