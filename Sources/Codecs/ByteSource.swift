public import Foundation
public import HoneIR

/// Bytes that can be read at any offset, from a file or from memory.
public protocol ByteSource: Sendable {
  var count: Int { get }
  /// The bytes of `range`, which must lie inside.
  func read(_ range: Range<Int>) throws(GraphError) -> [UInt8]
}

extension ByteSource {
  /// The bytes of `range`, or an error if the source is shorter.
  public func checked(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    guard range.lowerBound >= 0, range.upperBound <= count else {
      throw GraphError(.file, "it ends after \(count) bytes, where at least \(range.upperBound) were announced")
    }
    return try read(range)
  }
  public func slice(_ range: Range<Int>) -> ByteSlice { ByteSlice(of: self, range) }
}

/// Bytes in memory.
public struct MemoryBytes: ByteSource {
  let bytes: [UInt8]
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public var count: Int { bytes.count }
  public func read(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }
}

/// A part of another source.
public struct ByteSlice: ByteSource {
  let whole: any ByteSource
  let range: Range<Int>
  public init(of whole: any ByteSource, _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= whole.count, "\(range) lies outside \(whole.count) bytes")
    (self.whole, self.range) = (whole, range)
  }
  public var count: Int { range.count }
  public func read(_ part: Range<Int>) throws(GraphError) -> [UInt8] {
    try whole.read(range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }
}

/// An open regular file.
public final class FileBytes: ByteSource {
  public let count: Int
  private let descriptor: Int32

  public init(_ url: URL) throws(GraphError) {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw GraphError(.file, "cannot be opened: \(Self.reason())").at(url.path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw GraphError(.file, "is not a regular file").at(url.path) }
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw GraphError(.file, "cannot be opened: \(Self.reason())").at(url.path) }
    count = Int(status.st_size)
  }

  /// An open temporary file that has no name and vanishes with this object.
  init(descriptor: Int32, count: Int) { (self.descriptor, self.count) = (descriptor, count) }

  deinit { close(descriptor) }

  public func read(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    var filled = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while filled < range.count {
        let step = pread(
          descriptor, buffer.baseAddress! + filled, range.count - filled, off_t(range.lowerBound + filled))
        if step <= 0 { break }
        filled += step
      }
      count = filled
    }
    guard filled == range.count else { throw GraphError(.file, "ended while it was being read") }
    return bytes
  }

  /// Moves a file, replacing the one that is there.
  public static func move(_ file: URL, to place: URL) throws(GraphError) {
    guard rename(file.path, place.path) == 0 else { throw GraphError(.file, "cannot be written: \(reason())") }
  }

  static func reason() -> String { String(cString: strerror(errno)) }
}
