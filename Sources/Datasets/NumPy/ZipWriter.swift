internal import HoneCodecs
internal import HoneIR

/// Writes a zip file, every entry ready for more than 4 GiB.
struct ZipWriter {
  private struct Entry {
    var name: [UInt8]
    var method: UInt16
    var crc: UInt32 = 0
    var packed = 0
    var unpacked = 0
    var offset: Int
  }
  private let file: FileWriter
  private var entries: [Entry] = []

  init(_ file: FileWriter) { self.file = file }

  /// Adds an entry whose bytes `body` hands to its argument piece by piece.
  mutating func add(
    _ name: String, compressed: Bool, _ body: (([UInt8]) throws(GraphError) -> Void) throws(GraphError) -> Void
  ) throws(GraphError) {
    var entry = Entry(name: Array(name.utf8), method: compressed ? 8 : 0, offset: file.position)
    guard entry.name.count < 1 << 16 else {
      throw GraphError(.input, "the name of an array has \(entry.name.count) bytes")
    }
    let deflate = compressed ? try Deflate() : nil
    var sum = CRC32()
    try file.write(localHeader(entry))
    let start = file.position
    try body { (bytes) throws(GraphError) in
      sum.add(bytes)
      entry.unpacked += bytes.count
      try file.write(deflate?.pack(bytes, isLast: false) ?? bytes)
    }
    if let deflate { try file.write(deflate.pack([], isLast: true)) }
    (entry.crc, entry.packed) = (sum.value, file.position - start)
    try file.patch(localHeader(entry), at: entry.offset)
    entries.append(entry)
  }

  /// Writes the directory.
  func finish() throws(GraphError) {
    let start = file.position
    for entry in entries { try file.write(directoryHeader(entry)) }
    let size = file.position - start
    let record = file.position
    var end: [UInt8] = []
    end.append(little: UInt32(0x0606_4b50))
    end.append(little: UInt64(44))
    for version in [UInt16(45), 45] { end.append(little: version) }
    end.append(little: UInt64(0))
    for value in [entries.count, entries.count, size, start] { end.append(little: UInt64(value)) }
    end.append(little: UInt32(0x0706_4b50))
    end.append(little: UInt32(0))
    end.append(little: UInt64(record))
    end.append(little: UInt32(1))
    end.append(little: UInt32(0x0605_4b50))
    end.append(little: UInt32(0))
    for _ in 0..<2 { end.append(little: UInt16(clamping: entries.count)) }
    for value in [size, start] { end.append(little: UInt32(clamping: value)) }
    end.append(little: UInt16(0))
    try file.write(end)
  }

  /// Version needed, flags (names are UTF-8), method, and 1980-01-01 as the time.
  private func common(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    for value in [45, 1 << 11, entry.method, 0, 0x21] { bytes.append(little: value) }
    bytes.append(little: entry.crc)
    for _ in 0..<2 { bytes.append(little: UInt32.max) }
    bytes.append(little: UInt16(entry.name.count))
    return bytes
  }

  private func localHeader(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(little: UInt32(0x0403_4b50))
    bytes += common(entry)
    bytes.append(little: UInt16(20))
    bytes += entry.name
    return bytes + sizes([entry.unpacked, entry.packed])
  }

  private func directoryHeader(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(little: UInt32(0x0201_4b50))
    bytes.append(little: UInt16(45))
    bytes += common(entry)
    bytes.append(little: UInt16(28))
    for _ in 0..<3 { bytes.append(little: UInt16(0)) }
    bytes.append(little: UInt32(0))
    bytes.append(little: UInt32.max)
    bytes += entry.name
    return bytes + sizes([entry.unpacked, entry.packed, entry.offset])
  }

  /// The zip64 field.
  private func sizes(_ values: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(little: UInt16(1))
    bytes.append(little: UInt16(values.count * 8))
    for value in values { bytes.append(little: UInt64(value)) }
    return bytes
  }
}
