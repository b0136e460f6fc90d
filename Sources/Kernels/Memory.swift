#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Memory of packed operands: aligned to cache lines, on huge pages where that pays.
final class AlignedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    let hugePage = 2 << 20
    let isLarge = byteCount >= hugePage
    self.byteCount = max(byteCount, 1)
    base = .allocate(byteCount: self.byteCount, alignment: isLarge ? hugePage : 64)
    #if os(Linux)
      if isLarge { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
  }

  deinit { base.deallocate() }
}

/// `value` rounded up to a multiple of `unit`.
func roundedUp(_ value: Int, to unit: Int) -> Int { (value + unit - 1) / unit * unit }

/// `value / divisor` rounded up.
func dividedUp(_ value: Int, by divisor: Int) -> Int { (value + divisor - 1) / divisor }
