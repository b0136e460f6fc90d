internal import CZlib
public import HoneIR

/// How a deflate stream is wrapped.
public enum DeflateFormat: Sendable {
  /// Bare, as in zip.
  case raw
  /// With gzip headers; several members follow each other.
  case gzip

  var windowBits: Int32 { self == .raw ? -15 : 31 }
}

/// Unpacks deflate streams.
public enum Inflate {
  /// No deflate stream unpacks to more than this many times its size, a constant aside.
  public static let largestRatio = 1032

  /// Fails if `packed` bytes cannot possibly hold `unpacked` bytes.
  public static func check(unpacked: Int, packed: Int) throws(GraphError) {
    let (limit, overflow) = packed.multipliedReportingOverflow(by: largestRatio)
    guard unpacked >= 0, overflow || unpacked - 4096 <= limit else {
      throw GraphError(.file, "announces \(unpacked) bytes, more than \(packed) packed bytes can hold")
    }
  }

  /// The unpacked bytes of `source`: in memory, or in a temporary file if they are many.
  ///
  /// Fails if the stream is damaged or unpacks to more than `limit` bytes.
  public static func unpack(_ source: any ByteSource, _ format: DeflateFormat, limit: Int) throws(GraphError)
    -> any ByteSource
  {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard inflateInit2_(stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw GraphError(.file, "zlib could not be started")
    }
    defer { inflateEnd(stream) }
    var unpacked = UnpackedBytes(expected: limit)
    var output = [UInt8](repeating: 0, count: 1 << 16)
    var position = 0
    var ended = false
    while position < source.count {
      let end = min(position + 1 << 16, source.count)
      var input = try source.read(position..<end)
      position = end
      ended = try consume(&input, stream, &output, into: &unpacked, format, wasEnded: ended, limit: limit)
    }
    guard ended else { throw GraphError(.file, "the packed data ends early") }
    return unpacked.finish()
  }

  /// The first bytes of the unpacked `source`: `count`, or fewer if it is shorter.
  public static func prefix(_ source: any ByteSource, _ format: DeflateFormat, count: Int) throws(GraphError) -> [UInt8]
  {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard inflateInit2_(stream, format.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw GraphError(.file, "zlib could not be started")
    }
    defer { inflateEnd(stream) }
    var input = try source.read(0..<min(1 << 16, source.count))
    var output = [UInt8](repeating: 0, count: count)
    return Array(output[..<step(stream, &input, from: 0, &output).produced])
  }

  /// Unpacks one chunk; returns whether the stream has ended with it.
  private static func consume(
    _ input: inout [UInt8], _ stream: UnsafeMutablePointer<z_stream>, _ output: inout [UInt8],
    into unpacked: inout UnpackedBytes,
    _ format: DeflateFormat, wasEnded: Bool, limit: Int
  ) throws(GraphError) -> Bool {
    let count = input.count
    var ended = wasEnded
    var used = 0
    while used < count || !ended {
      if ended {
        guard format == .gzip, input[used] != 0 else { return true }
        inflateReset(stream)
        ended = false
      }
      let (status, consumed, produced) = step(stream, &input, from: used, &output)
      used += consumed
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw GraphError(.file, "the packed data is damaged")
      }
      guard unpacked.count + produced <= limit else {
        throw GraphError(.file, "unpacks to more than the \(limit) bytes announced")
      }
      try append(output, produced, to: &unpacked)
      ended = status == Z_STREAM_END
      if consumed == 0 && produced == 0 && !ended { break }
    }
    return ended
  }

  private static func step(
    _ stream: UnsafeMutablePointer<z_stream>, _ input: inout [UInt8], from used: Int, _ output: inout [UInt8]
  ) -> (status: Int32, consumed: Int, produced: Int) {
    let available = input.count - used
    return input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.pointee.next_in = source.baseAddress.map { $0 + used }
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = target.baseAddress
        stream.pointee.avail_out = UInt32(target.count)
        let status = inflate(stream, Z_NO_FLUSH)
        return (status, available - Int(stream.pointee.avail_in), target.count - Int(stream.pointee.avail_out))
      }
    }
  }

  private static func append(_ output: [UInt8], _ count: Int, to unpacked: inout UnpackedBytes) throws(GraphError) {
    var failure: GraphError?
    output.withUnsafeBytes { bytes in
      do throws(GraphError) { try unpacked.append(UnsafeRawBufferPointer(rebasing: bytes[..<count])) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
