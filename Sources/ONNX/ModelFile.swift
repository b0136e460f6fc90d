public import Foundation
public import HoneIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A file mapped into memory, read-only, for as long as somebody holds it.
public final class MappedFile: ReloadableMemory {
  public let url: URL
  nonisolated(unsafe) public let bytes: UnsafeRawBufferPointer

  public init(_ url: URL) throws(GraphError) {
    self.url = url
    // A pipe must not make the reader wait for a writer.
    let descriptor = open(url.path, O_RDONLY | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw GraphError(.file, "cannot open \(url.path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw GraphError(.file, "cannot read \(url.path)") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw GraphError(.file, "\(url.path) is not a file") }
    let size = Int(status.st_size)
    guard size > 0 else { throw GraphError(.file, "\(url.path) is empty") }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw GraphError(.file, "cannot map \(url.path): \(String(cString: strerror(errno)))")
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }
  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }

  public func discard(_ part: UnsafeRawBufferPointer) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    guard let start = part.baseAddress, part.count >= page else { return }
    precondition(start >= bytes.baseAddress! && start + part.count <= bytes.baseAddress! + bytes.count)
    let first = (Int(bitPattern: start) + page - 1) / page * page
    let last = (Int(bitPattern: start) + part.count) / page * page
    guard last > first else { return }
    madvise(UnsafeMutableRawPointer(bitPattern: first), last - first, MADV_DONTNEED)
  }

  /// The bytes at `offset`, or an error if they are not all there.
  func slice(_ offset: Int, _ count: Int, for what: String) throws(GraphError) -> UnsafeRawBufferPointer {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw GraphError(
        .file, "\(what) lies outside \(url.lastPathComponent): bytes \(offset) to \(offset &+ count) of \(bytes.count)")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }
}
