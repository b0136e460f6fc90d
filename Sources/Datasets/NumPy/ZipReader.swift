internal import HoneCodecs
internal import HoneIR

/// The entries of a zip file: stored or deflated, zip64 included.
struct ZipReader: Sendable {
  struct Entry: Sendable {
    var name: String
    var isDeflated: Bool
    var crc: UInt32
    var packedByteCount: Int
    var byteCount: Int
    var headerOffset: Int
  }
  let source: any ByteSource
  let entries: [Entry]

  init(_ source: any ByteSource) throws(GraphError) {
    self.source = source
    let directory = try Self.locateDirectory(source)
    entries = try Self.readDirectory(directory)
  }

  /// The packed bytes of `entry`, without a check of their sum.
  func packed(_ entry: Entry) throws(GraphError) -> ByteSlice {
    let header = try source.checked(entry.headerOffset..<entry.headerOffset + 30)
    var reader = ByteReader(header)
    guard try reader.little(UInt32.self) == 0x0403_4b50 else {
      throw GraphError(.file, "has no entry where its directory says").at(entry.name)
    }
    try reader.skip(22)
    let start = entry.headerOffset + 30 + Int(try reader.little(UInt16.self)) + Int(try reader.little(UInt16.self))
    guard start <= source.count, entry.packedByteCount <= source.count - start else {
      throw GraphError(.file, "ends early").at(entry.name)
    }
    return source.slice(start..<start + entry.packedByteCount)
  }

  /// The bytes of `entry`. Deflated entries are unpacked and checked; stored ones are read later, unchecked.
  func open(_ entry: Entry) throws(GraphError) -> any ByteSource {
    let packed = try packed(entry)
    guard entry.isDeflated else {
      guard entry.byteCount == entry.packedByteCount else {
        throw GraphError(.file, "has an entry of two sizes").at(entry.name)
      }
      return packed
    }
    return try locating(entry.name) { () throws(GraphError) in
      try Inflate.check(unpacked: entry.byteCount, packed: entry.packedByteCount)
      let bytes = try Inflate.unpack(packed, .raw, limit: entry.byteCount)
      try check(bytes, entry)
      return bytes
    }
  }

  /// Fails unless `bytes` are what the directory says of `entry`.
  func check(_ bytes: any ByteSource, _ entry: Entry) throws(GraphError) {
    guard bytes.count == entry.byteCount else {
      throw GraphError(.file, "has \(bytes.count) bytes, \(entry.byteCount) were announced")
    }
    var sum = CRC32()
    for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
      sum.add(try bytes.read(start..<min(start + 1 << 20, bytes.count)))
    }
    guard sum.value == entry.crc else { throw GraphError(.file, "is damaged: its checksum differs") }
  }
}

// MARK: Directory
extension ZipReader {
  /// The central directory, which is found from the end of the file.
  private static func locateDirectory(_ source: any ByteSource) throws(GraphError) -> ByteSlice {
    let missing = GraphError(.file, "is no zip file, or ends early: it has no directory at its end")
    guard source.count >= 22 else { throw missing }
    let tailStart = max(0, source.count - 22 - 65535)
    let tail = try source.read(tailStart..<source.count)
    let signature: [UInt8] = [0x50, 0x4b, 5, 6]
    guard
      let found = stride(from: tail.count - 22, through: 0, by: -1).first(where: {
        tail[$0..<$0 + 4].elementsEqual(signature)
      })
    else { throw missing }
    var reader = ByteReader(tail[(found + 12)...])
    var size = Int(try reader.little(UInt32.self))
    var offset = Int(try reader.little(UInt32.self))
    if size == 0xffff_ffff || offset == 0xffff_ffff {
      (size, offset) = try locateLargeDirectory(source, before: tailStart + found)
    }
    guard offset >= 0, size >= 0, offset <= source.count, size <= source.count - offset else { throw missing }
    return source.slice(offset..<offset + size)
  }

  private static func locateLargeDirectory(_ source: any ByteSource, before end: Int) throws(GraphError) -> (Int, Int) {
    var locator = ByteReader(try source.checked(end - 20..<end))
    guard try locator.little(UInt32.self) == 0x0706_4b50 else { throw GraphError(.file, "has no zip64 directory") }
    try locator.skip(4)
    let record = Int(truncatingIfNeeded: try locator.little(UInt64.self))
    guard record >= 0, record < Int.max - 56 else { throw GraphError(.file, "has no zip64 directory") }
    var reader = ByteReader(try source.checked(record..<record + 56))
    guard try reader.little(UInt32.self) == 0x0606_4b50 else { throw GraphError(.file, "has no zip64 directory") }
    try reader.skip(36)
    let size = Int(truncatingIfNeeded: try reader.little(UInt64.self))
    return (size, Int(truncatingIfNeeded: try reader.little(UInt64.self)))
  }

  private static func readDirectory(_ directory: ByteSlice) throws(GraphError) -> [Entry] {
    guard directory.count <= 1 << 26 else { throw GraphError(.file, "has a zip directory of \(directory.count) bytes") }
    var reader = ByteReader(try directory.read(0..<directory.count))
    var entries: [Entry] = []
    while reader.remaining > 0 { entries.append(try readEntry(&reader)) }
    return entries
  }

  private static func readEntry(_ reader: inout ByteReader) throws(GraphError) -> Entry {
    guard try reader.little(UInt32.self) == 0x0201_4b50 else { throw GraphError(.file, "has a damaged zip directory") }
    try reader.skip(4)
    let flags = try reader.little(UInt16.self)
    let method = try reader.little(UInt16.self)
    try reader.skip(4)
    let crc = try reader.little(UInt32.self)
    let packed = Int(try reader.little(UInt32.self))
    let unpacked = Int(try reader.little(UInt32.self))
    let lengths = (
      Int(try reader.little(UInt16.self)), Int(try reader.little(UInt16.self)), Int(try reader.little(UInt16.self))
    )
    try reader.skip(8)
    let offset = Int(try reader.little(UInt32.self))
    let name = String(decoding: try reader.take(lengths.0), as: UTF8.self)
    let extra = try reader.take(lengths.1)
    try reader.skip(lengths.2)
    guard flags & 1 == 0 else { throw GraphError(.unsupported, "is encrypted").at(name) }
    guard method == 0 || method == 8 else {
      throw GraphError(.unsupported, "is packed with zip method \(method); stored and deflate can be read").at(name)
    }
    let sizes = try largeSizes([unpacked, packed, offset], extra)
    return Entry(
      name: name, isDeflated: method == 8, crc: crc, packedByteCount: sizes[1], byteCount: sizes[0],
      headerOffset: sizes[2])
  }

  /// `sizes`, with those that do not fit 32 bits taken from the zip64 field.
  private static func largeSizes(_ sizes: [Int], _ extra: ArraySlice<UInt8>) throws(GraphError) -> [Int] {
    guard sizes.contains(0xffff_ffff) else { return sizes }
    var fields = ByteReader(extra)
    while fields.remaining >= 4 {
      let kind = try fields.little(UInt16.self)
      var field = ByteReader(try fields.take(Int(try fields.little(UInt16.self))))
      guard kind == 1 else { continue }
      var large = sizes
      for i in sizes.indices where sizes[i] == 0xffff_ffff {
        let value = try field.little(UInt64.self)
        guard value < 1 << 62 else { throw GraphError(.file, "announces an entry of \(value) bytes") }
        large[i] = Int(value)
      }
      return large
    }
    return sizes
  }
}
