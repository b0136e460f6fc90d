public import Foundation
public import HoneIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A regular file that can be read at any offset.
public final class ReadableFile {
  public let url: URL
  public let byteCount: Int
  private let descriptor: Int32

  public init(_ url: URL) throws(GraphError) {
    self.url = url
    // A pipe must not make the reader wait for a writer.
    descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw GraphError(.file, "cannot be opened: \(String(cString: strerror(errno)))").at(url.path)
    }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    byteCount = isRegular ? Int(status.st_size) : 0
    guard isRegular else { throw GraphError(.file, "is not a regular file").at(url.path) }
  }
  deinit { close(descriptor) }

  /// The bytes `range`, which must lie inside the file.
  public func bytes(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    try check(range)
    var isComplete = false
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      isComplete = read(
        range.lowerBound,
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<range.count]))
      count = range.count
    }
    guard isComplete else { throw GraphError(.file, "ended while it was being read").at(url.path) }
    return bytes
  }

  /// A tensor of a concrete numeric `type` whose little-endian elements start at `offset`.
  public func tensor(_ type: TensorType, at offset: Int) throws(GraphError) -> Tensor {
    try check(offset..<offset + type.byteCount!)
    var isComplete = false
    let tensor = Tensor(type) { isComplete = read(offset, into: $0) }
    guard isComplete else { throw GraphError(.file, "ended while it was being read").at(url.path) }
    return tensor
  }

  private func check(_ range: Range<Int>) throws(GraphError) {
    guard range.lowerBound >= 0, range.upperBound <= byteCount else {
      throw GraphError(.file, "ends after \(byteCount) bytes, where at least \(range.upperBound) were announced").at(
        url.path)
    }
  }

  private func read(_ offset: Int, into bytes: UnsafeMutableRawBufferPointer) -> Bool {
    var done = 0
    while done < bytes.count {
      let step = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { return false }
      done += step
    }
    return true
  }
}
