import Foundation
import HoneIR
import Testing

@testable import HoneDatasets

/// Damaged files are errors or read as something else; they never crash.
struct HostileFilesTests {
  let scratch = Scratch()
  static let rounds = 150

  /// File names and contents to damage.
  static var seeds: [(name: String, bytes: [UInt8])] {
    func decoded(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64)!) }
    let bmp: [UInt8] =
      Array("BM".utf8) + [70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0]
      + [UInt8](repeating: 0, count: 24) + [3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0]
    return [
      ("a.npy", npy("{'descr': '>i4', 'fortran_order': True, 'shape': (1, 2), }", [0, 0, 1, 2, 255, 255, 255, 255])),
      ("b.npy", npy("{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }", [97, 0, 0, 0, 98, 0, 0, 0])),
      ("a.npz", decoded(NumPyArchiveTests.stored)), ("b.npz", decoded(NumPyArchiveTests.deflated)),
      ("a.idx", idx(8, [3, 2, 2], Array(0..<12))),
      ("b.idx", decoded("H4sIAAAAAAACA2Ng4GBmYGAAYSYwZmRiZmFlY+fg5OIGAGNEb8YcAAAA")),
      ("a.csv", Array("x,\"a,b\",kind\n1,2.5,u\n3,\"4\",\"v \"\"w\"\"\"\n".utf8)),
      ("b.csv", Array("1\t2\t0\n3\t4\t1\n".utf8)),
      ("a.png", decoded(ImageTests.png)), ("a.jpg", decoded(ImageTests.jpeg)), ("b.jpg", decoded(ImageTests.colorJPEG)),
      ("a.bmp", bmp), ("a.ppm", Array("P3 1 2 15\n0 15 7\n1 2 3".utf8)), ("a.pgm", pgm(2, 1, [5, 250])),
    ]
  }

  @Test(arguments: seeds.indices) func `damage never crashes`(seed: Int) throws {
    let (name, bytes) = Self.seeds[seed]
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<Self.rounds {
      let file = try scratch.write(Self.damaged(bytes, &generator), name)
      try? Self.readAll(file)
    }
  }

  @Test func `damaged preprocessing is an error`() throws {
    let json = Array(
      #"{"dtype":"float32","layout":"NCHW","steps":[{"resize":{"height":4,"width":8}},{"std":[2]},{"rgb":true}]}"#.utf8)
    var generator = SeededGenerator(seed: 99)
    for _ in 0..<Self.rounds {
      let text = String(decoding: Self.damaged(json, &generator), as: UTF8.self)
      _ = try? Preprocessing(json: text).apply(ImageTests.pattern, .images)
    }
  }

  private static func readAll(_ url: URL) throws {
    switch url.pathExtension {
    case "npy": _ = try NumPyFile.read(url)
    case "npz", "idx", "csv":
      let dataset = try Dataset.open(url.path)
      for index in 0..<min(dataset.count, 20) { _ = try dataset.sample(at: index) }
      _ = try dataset.subset(count: 2, seed: 1).sample(at: 0)
    default: _ = try ImageFile.read(url, color: .rgb)
    }
  }

  /// Bytes with some flipped, replaced, removed, repeated or cut off.
  private static func damaged(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...4, using: &generator) {
      guard let at = damaged.indices.randomElement(using: &generator) else { break }
      switch Int.random(in: 0..<7, using: &generator) {
      case 0: damaged[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: damaged[at] = .random(in: 0...255, using: &generator)
      case 2: damaged.removeLast(damaged.count - at)
      case 3: damaged.remove(at: at)
      case 4: for i in at..<min(at + 4, damaged.count) { damaged[i] = 255 }
      case 5:
        for i in at..<min(at + 8, damaged.count) { damaged[i] = [0, 127, 128, 57].randomElement(using: &generator)! }
      default: damaged.insert(contentsOf: damaged[at..<min(at + 9, damaged.count)], at: at)
      }
    }
    return damaged
  }
}
