import HoneIR

/// Rows of features, read as float32 or float64 whatever their type.
struct FeatureRows: Sendable {
  /// Rows that are read at once.
  static let blockSize = 32

  let count: Int
  let features: Int
  let access: DoubleAccess
  let wanted: ElementType

  /// The sizes of operand 0: [rows × features], or one row.
  static func sizes(_ call: Call) throws(GraphError) -> (rows: Int, features: Int) {
    let sizes = try call.sizes(0)
    guard sizes.count == 1 || sizes.count == 2 else {
      throw GraphError(.type, "takes [rows×features], not \(try call.tensor(0))")
    }
    return (sizes.count == 1 ? 1 : sizes[0], sizes[sizes.count - 1])
  }
  /// The number of rows of operand 0, perhaps a symbol.
  static func count(_ call: Call) throws(GraphError) -> Dimension {
    guard let shape = try call.shape(0) else { return call.unknownSize() }
    guard shape.count == 1 || shape.count == 2 else {
      throw GraphError(.type, "takes [rows×features], not \(try call.tensor(0))")
    }
    return shape.count == 1 ? 1 : shape[0]
  }

  init(_ element: ElementType, as wanted: ElementType, rows: Int, features: Int) throws(GraphError) {
    (count, self.features, self.wanted) = (rows, features, wanted)
    access = try DoubleAccess(element)
  }

  var blockCount: Int { (count + Self.blockSize - 1) / Self.blockSize }
  func block(_ i: Int) -> Range<Int> { (i * Self.blockSize)..<min((i + 1) * Self.blockSize, count) }
  var scratchByteCount: Int { access.element == wanted ? 0 : (Self.blockSize * features * 8 + 63) / 64 * 64 }

  /// The rows of `block` in the wanted type.
  func read(_ source: UnsafeRawPointer, _ block: Range<Int>, _ scratch: UnsafeMutableRawPointer) -> UnsafeRawPointer {
    let width = wanted.bitWidth / 8
    if access.element == wanted { return source + block.lowerBound * features * width }
    let wide = scratch.assumingMemoryBound(to: Double.self)
    let total = block.count * features
    access.load(source, from: block.lowerBound * features, count: total, into: wide)
    if wanted == .float32 {
      for i in 0..<total {
        scratch.storeBytes(
          of: Float(scratch.loadUnaligned(fromByteOffset: i * 8, as: Double.self)), toByteOffset: i * 4, as: Float.self)
      }
    }
    return UnsafeRawPointer(scratch)
  }
}
