import Foundation
import HoneIR
import HoneONNX
import Testing

@Suite struct MappedFileTests {
  @Test func `what was discarded reads the same again`() throws {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("mapped-\(UUID().uuidString)")
    try Data(bytes).write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    let file = try MappedFile(url)
    for range in [0..<100_000, 5..<99_999, 4096..<8192, 4097..<8191, 70_000..<70_000] {
      file.discard(UnsafeRawBufferPointer(rebasing: file.bytes[range]))
      #expect(file.bytes.elementsEqual(bytes))
    }
  }
}
