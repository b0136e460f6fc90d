internal import HoneIR

/// The element type of a NumPy array, as its `descr` spells it: byte order, kind, bytes per element.
struct NumPyType: Equatable {
  enum Content: Equatable {
    case numbers(ElementType)
    /// Bytes up to the first zero.
    case bytes
    /// UTF-32.
    case characters
  }
  var content: Content
  var itemByteCount: Int
  var isBigEndian: Bool

  init(_ descr: String) throws(GraphError) {
    var rest = Substring(descr)
    isBigEndian = rest.first == ">"
    if let order = rest.first, "<>|=".contains(order) { rest.removeFirst() }
    guard let kind = rest.popFirst(), let size = Int(rest), size >= 0, size <= 1 << 30, rest.first != "+" else {
      throw Self.unsupported(descr)
    }
    switch kind {
    case "S", "a": (content, itemByteCount) = (.bytes, size)
    case "U": (content, itemByteCount) = (.characters, size * 4)
    default:
      guard let element = Self.elements["\(kind)\(size)"] else { throw Self.unsupported(descr) }
      (content, itemByteCount) = (.numbers(element), size)
    }
  }

  var element: ElementType { if case .numbers(let element) = content { element } else { .string } }
  /// Bytes that are reversed in a big-endian file.
  var swapWidth: Int {
    switch content {
    case .numbers(.complex64): 4
    case .numbers(.complex128): 8
    case .numbers: itemByteCount
    case .bytes: 1
    case .characters: 4
    }
  }

  static let elements: [String: ElementType] = [
    "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32,
    "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64, "c16": .complex128,
  ]

  private static func unsupported(_ descr: String) -> GraphError {
    GraphError(
      .unsupported,
      "holds elements of NumPy type ‘\(descr.prefix(40))’; booleans, integers, floats of 2, 4, 8 bytes, complex numbers and strings can be read"
    )
  }
}

extension NumPyType {
  /// How elements of `element` are stored: types that NumPy lacks become wider ones.
  static func stored(_ element: ElementType) -> ElementType {
    switch element {
    case .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: .float32
    case .int4, .int2: .int8
    case .uint4, .uint2: .uint8
    default: element
    }
  }

  /// The `descr` of a numeric type that NumPy has.
  static func descr(of element: ElementType) -> String {
    let code = elements.first { $0.value == element }!.key
    return (element.bitWidth == 8 ? "|" : "<") + code
  }
}
