internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// Memory of packed operands and of plans: aligned to cache lines, on huge pages where that pays.
public final class AlignedMemory: @unchecked Sendable {
  public let base: UnsafeMutableRawPointer
  public let byteCount: Int
  /// What the memory is part of; nil if it is all of an allocation.
  private let slab: AlignedMemory?

  private static let hugePage = 2 << 20
  private static let slabBytes = 16 << 20
  /// Where the next part of the current slab begins.
  private static let current = Mutex<(slab: AlignedMemory, used: Int)?>(nil)

  public init(byteCount: Int) {
    let isLarge = byteCount >= Self.hugePage
    self.byteCount = max(byteCount, 1)
    base = .allocate(byteCount: self.byteCount, alignment: isLarge ? Self.hugePage : 64)
    slab = nil
    #if os(Linux)
      if isLarge { _ = madvise(base, byteCount, MADV_HUGEPAGE) }
    #endif
  }

  private init(_ slab: AlignedMemory, at offset: Int, byteCount: Int) {
    (self.slab, base, self.byteCount) = (slab, slab.base + offset, byteCount)
  }

  /// Memory for something that lives as long as its neighbours, such as one of the weights of a model: neighbours share huge
  /// pages, which are freed with the last of them.
  static func shared(byteCount: Int) -> AlignedMemory {
    let size = roundedUp(max(byteCount, 1), to: 64)
    guard size <= slabBytes / 4 else { return AlignedMemory(byteCount: byteCount) }
    return current.withLock { current in
      if current == nil || current!.used + size > slabBytes { current = (AlignedMemory(byteCount: slabBytes), 0) }
      let (slab, used) = current!
      current!.used += size
      return AlignedMemory(slab, at: used, byteCount: max(byteCount, 1))
    }
  }

  deinit { if slab == nil { base.deallocate() } }
}

/// `value` rounded up to a multiple of `unit`.
func roundedUp(_ value: Int, to unit: Int) -> Int { (value + unit - 1) / unit * unit }

/// `value / divisor` rounded up.
func dividedUp(_ value: Int, by divisor: Int) -> Int { (value + divisor - 1) / divisor }
