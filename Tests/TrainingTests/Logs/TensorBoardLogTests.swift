import Foundation
import Testing

@testable import HoneTraining

struct TensorBoardLogTests {
  private static let known: [(bytes: [UInt8], checksum: UInt32)] = [
    (Array("123456789".utf8), 0xE306_9283), (Array(repeating: 0, count: 32), 0x8A91_36AA),
    (Array(repeating: 0xFF, count: 32), 0x62A8_AB43), (Array(0..<32), 0x46DD_794E),
    (Array((0..<32).reversed()), 0x113F_DB5C),
  ]

  /// RFC 3720, B.4, and the check value of the catalogue of CRC algorithms.
  @Test func `checksums are the known ones`() {
    for (bytes, checksum) in Self.known { #expect(CRC32C.checksum(bytes) == checksum) }
  }

  @Test func `a record is length, checksum, bytes, checksum`() {
    let record = TFRecord.framed(Array("abc".utf8))
    #expect(Array(record[0..<8]) == [3, 0, 0, 0, 0, 0, 0, 0])
    #expect(Self.word(record[8..<12]) == CRC32C.masked([3, 0, 0, 0, 0, 0, 0, 0]))
    #expect(Array(record[12..<15]) == Array("abc".utf8))
    #expect(Self.word(record[15..<19]) == CRC32C.masked(Array("abc".utf8)))
    #expect(record.count == 19)
  }

  @Test func `a summary is written byte by byte as the messages say`() {
    let event = EventMessage(wallTime: 1.5, step: 300, content: .scalars([(tag: "loss", value: 0.25)]))
    #expect(
      event.bytes == [
        0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F,  // wall_time = 1.5
        0x10, 0xAC, 0x02,  // step = 300
        0x2A, 13,  // summary
        0x0A, 11,  // value
        0x0A, 4, 0x6C, 0x6F, 0x73, 0x73,  // tag = "loss"
        0x15, 0, 0, 0x80, 0x3E,  // simple_value = 0.25
      ])
  }

  @Test func `a file starts with its version and the start of the session`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-log-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = try TensorBoardLog(folder: folder, startingAt: 7)
    try log.write(step: 8, ["loss": 1, "rate": 0.5])
    let records = try Self.records(in: [UInt8](Data(contentsOf: log.url)))
    #expect(records.count == 3)
    #expect(Array(records[0].dropFirst(9)) == [0x1A, 13] + Array("brain.Event:2".utf8))
    #expect(Array(records[1].dropFirst(9)) == [0x10, 7, 0x3A, 2, 8, 1])
    #expect(log.url.lastPathComponent.hasPrefix("events.out.tfevents."))
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }

  /// The records' bytes, after their checksums were checked.
  private static func records(in bytes: [UInt8]) throws -> [[UInt8]] {
    var (records, rest) = ([[UInt8]](), bytes[...])
    while !rest.isEmpty {
      let length = Int(word(rest.prefix(4)))
      try #require(word(rest.dropFirst(8).prefix(4)) == CRC32C.masked(rest.prefix(8)))
      let record = Array(rest.dropFirst(12).prefix(length))
      try #require(word(rest.dropFirst(12 + length).prefix(4)) == CRC32C.masked(record))
      records.append(record)
      rest = rest.dropFirst(16 + length)
    }
    return records
  }
}
