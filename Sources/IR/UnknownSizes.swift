import Synchronization

/// Names for sizes that only data will tell; no two are equal.
enum UnknownSizes {
  private static let counter = Atomic<Int>(0)
  static func next() -> String { "?\(counter.add(1, ordering: .relaxed).newValue)" }
}
