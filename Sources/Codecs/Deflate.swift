internal import CZlib
public import HoneIR

/// Packs bytes into a bare deflate stream, piece by piece.
public final class Deflate {
  private let stream: UnsafeMutablePointer<z_stream>
  private var output = [UInt8](repeating: 0, count: 1 << 16)

  public init(level: Int = 6) throws(GraphError) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, Int32(level), Z_DEFLATED, DeflateFormat.raw.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw GraphError(.file, "zlib could not be started") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// The packed bytes that are ready after adding `bytes`; all that are left if `isLast`.
  public func pack(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
    var packed: [UInt8] = []
    var input = bytes
    input.withUnsafeMutableBufferPointer { source in
      stream.pointee.next_in = source.baseAddress
      stream.pointee.avail_in = UInt32(source.count)
      repeat {
        let count = output.withUnsafeMutableBufferPointer { target in
          stream.pointee.next_out = target.baseAddress
          stream.pointee.avail_out = UInt32(target.count)
          _ = deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          return target.count - Int(stream.pointee.avail_out)
        }
        packed += output[..<count]
      } while stream.pointee.avail_out == 0
    }
    return packed
  }
}

/// The CRC-32 of zip, gzip and PNG.
public struct CRC32: Sendable {
  public private(set) var value: UInt32 = 0
  public init() {}
  public mutating func add(_ bytes: [UInt8]) {
    let before = UInt(value)
    value = bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(before, $0.baseAddress, $0.count)) }
    if bytes.isEmpty { value = UInt32(truncatingIfNeeded: before) }
  }
}
