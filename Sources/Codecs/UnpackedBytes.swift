import Foundation
internal import HoneIR

/// Collects bytes in memory, and in an unnamed temporary file when they become many.
struct UnpackedBytes: ~Copyable {
  static let memoryLimit = 64 << 20
  private var memory: [UInt8] = []
  private var descriptor: Int32 = -1
  private(set) var count = 0

  init(expected: Int?) { memory.reserveCapacity(min(expected ?? 0, 1 << 20)) }

  deinit { if descriptor >= 0 { close(descriptor) } }

  mutating func append(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    count += bytes.count
    if descriptor < 0 {
      memory.append(contentsOf: bytes)
      if memory.count > Self.memoryLimit { try spill() }
    } else {
      try write(bytes)
    }
  }

  mutating func finish() -> any ByteSource {
    guard descriptor >= 0 else { return MemoryBytes(memory) }
    defer { descriptor = -1 }
    return FileBytes(descriptor: descriptor, count: count)
  }

  private mutating func spill() throws(GraphError) {
    var path = Array(FileManager.default.temporaryDirectory.appendingPathComponent("hone-XXXXXX").path.utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw GraphError(.file, "no temporary file can be made: \(FileBytes.reason())") }
    unlink(path)
    let unpacked = memory
    memory = []
    try write(unpacked)
  }

  private func write(_ unpacked: [UInt8]) throws(GraphError) {
    var failure: GraphError?
    unpacked.withUnsafeBytes { bytes in
      do throws(GraphError) { try write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(GraphError) {
    var written = 0
    while written < bytes.count {
      let step = Foundation.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      guard step > 0 else { throw GraphError(.file, "the temporary file cannot be written: \(FileBytes.reason())") }
      written += step
    }
  }
}
