internal import HoneIR

/// Reads numbers from bytes, one after the other; running off the end is an error.
struct ByteReader {
  let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: some Sequence<UInt8>) {
    self.bytes = ArraySlice(Array(bytes))
    position = 0
  }

  var remaining: Int { bytes.count - position }

  mutating func take(_ count: Int) throws(GraphError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else {
      throw GraphError(.file, "ends early: \(count) more bytes were announced")
    }
    defer { position += count }
    return bytes[position..<position + count]
  }
  mutating func skip(_ count: Int) throws(GraphError) { _ = try take(count) }

  mutating func little<T: FixedWidthInteger & UnsignedInteger>(_: T.Type = T.self) throws(GraphError) -> T {
    try take(T.bitWidth / 8).reversed().reduce(0) { $0 << 8 | T($1) }
  }
  mutating func big<T: FixedWidthInteger & UnsignedInteger>(_: T.Type = T.self) throws(GraphError) -> T {
    try take(T.bitWidth / 8).reduce(0) { $0 << 8 | T($1) }
  }
}

extension [UInt8] {
  mutating func append<T: FixedWidthInteger>(little value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> T(shift))) }
  }

  /// The bytes with every group of `width` reversed.
  func swapped(width: Int) -> [UInt8] {
    guard width > 1 else { return self }
    var swapped = self
    var start = 0
    while start + width <= count {
      for i in 0..<width { swapped[start + i] = self[start + width - 1 - i] }
      start += width
    }
    return swapped
  }
}

/// The product of `sizes`, or nil if any product of the sizes that are not zero is too large to count.
func checkedProduct(_ sizes: [Int]) -> Int? {
  var product = 1
  for size in sizes where size != 0 {
    guard size > 0 else { return nil }
    let (next, overflow) = product.multipliedReportingOverflow(by: size)
    guard !overflow, next < 1 << 48 else { return nil }
    product = next
  }
  return sizes.contains(0) ? 0 : product
}
