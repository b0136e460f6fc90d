public import Foundation
public import HoneIR

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A file being written so that at any moment, whatever happens to the process or the machine, either the old one or the
/// new one is there, whole: it is written beside its place, brought to the disk, and then renamed.
public final class DurableFile {
  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  /// Replaces the file at `url` by what `body` writes. What an interrupted call left is overwritten by the next.
  public static func replace(_ url: URL, _ body: (DurableFile) throws(GraphError) -> Void) throws(GraphError) {
    let draft = url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent).draft")
    let descriptor = open(draft.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("cannot be written").at(url.path) }
    do throws(GraphError) {
      do throws(GraphError) {
        try body(DurableFile(descriptor))
        guard fsync(descriptor) == 0 else { throw failure("cannot be brought to the disk") }
      } catch {
        close(descriptor)
        throw error
      }
      guard close(descriptor) == 0 else { throw failure("cannot be written") }
      guard rename(draft.path, url.path) == 0 else { throw failure("cannot be replaced") }
    } catch {
      unlink(draft.path)
      throw error.at(url.path)
    }
    syncFolder(url.deletingLastPathComponent())
  }

  public func write(_ bytes: [UInt8]) throws(GraphError) {
    guard bytes.withUnsafeBytes({ put($0) }) else { throw Self.failure("cannot be written") }
  }

  /// Writes the elements of `tensor` as they lie in memory, little-endian.
  public func write(_ tensor: Tensor) throws(GraphError) {
    guard tensor.withBytes({ put($0) }) else { throw Self.failure("cannot be written") }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var done = 0
    while done < bytes.count {
      let step = Self.put(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { return false }
      done += step
    }
    return true
  }

  private static func put(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    #if canImport(Darwin)
      Darwin.write(descriptor, bytes, min(count, 1 << 30))
    #elseif canImport(Musl)
      Musl.write(descriptor, bytes, min(count, 1 << 30))
    #else
      Glibc.write(descriptor, bytes, min(count, 1 << 30))
    #endif
  }

  /// Makes a renaming last. File systems that cannot do this for folders keep their own order.
  private static func syncFolder(_ folder: URL) {
    let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func failure(_ what: String) -> GraphError {
    GraphError(.file, "\(what): \(String(cString: strerror(errno)))")
  }
}
