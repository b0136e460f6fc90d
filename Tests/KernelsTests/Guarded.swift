#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Elements that touch an unreadable page at their end, or at their start: reading or writing past them traps.
final class Guarded<Element> {
  enum Side { case before, after }

  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  private let mapping: UnsafeMutableRawPointer
  private let byteCount: Int

  init(_ elements: [Element], _ side: Side = .after) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    count = elements.count
    let size = max(count * MemoryLayout<Element>.stride, 1)
    let body = (size + page - 1) / page * page
    byteCount = body + 2 * page
    mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    mprotect(mapping, page, PROT_NONE)
    mprotect(mapping + page + body, page, PROT_NONE)
    let start = side == .before ? mapping + page : mapping + page + body - count * MemoryLayout<Element>.stride
    pointer = start.assumingMemoryBound(to: Element.self)
    pointer.initialize(from: elements, count: count)
  }

  deinit { munmap(mapping, byteCount) }

  var array: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
