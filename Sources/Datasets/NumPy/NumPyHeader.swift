internal import HoneCodecs
internal import HoneIR

/// What precedes the elements in a `.npy` file.
struct NumPyHeader: Equatable {
  var type: NumPyType
  var isFortranOrdered: Bool
  var sizes: [Int]
  /// Where the elements start.
  var byteCount = 0

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// No header of an array that can be read is longer.
  static let lengthLimit = 1 << 16

  /// Reads the header; fails unless all elements lie inside `source`.
  init(_ source: any ByteSource) throws(GraphError) {
    let start = try source.read(0..<min(12, source.count))
    guard start.count >= 10, start.starts(with: Self.magic) else {
      throw GraphError(.file, "is no NumPy file: it does not start with ‘\\x93NUMPY’")
    }
    guard (1...3).contains(start[6]) else {
      throw GraphError(.unsupported, "is of NumPy format version \(start[6]); 1 to 3 can be read")
    }
    var reader = ByteReader(start[8...])
    let length = start[6] == 1 ? Int(try reader.little(UInt16.self)) : Int(try reader.little(UInt32.self))
    guard length <= Self.lengthLimit else { throw GraphError(.file, "has a NumPy header of \(length) bytes") }
    byteCount = 8 + (start[6] == 1 ? 2 : 4) + length
    let text = try source.checked(byteCount - length..<byteCount)
    var parser = NumPyHeaderParser(String(decoding: text, as: UTF8.self))
    (type, isFortranOrdered, sizes) = try parser.parse()
    guard let count = elementCount, source.count - byteCount >= count * type.itemByteCount else {
      throw GraphError(
        .file,
        "announces an array of \(sizes) elements of \(type.itemByteCount) bytes, but has \(source.count - byteCount) bytes"
      )
    }
  }

  /// The number of elements, if it is sensible.
  private var elementCount: Int? {
    guard sizes.count <= 64, let count = checkedProduct(sizes) else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: max(type.itemByteCount, 1))
    guard !overflow, bytes <= Int.max / 2 else { return nil }
    return type.itemByteCount == 0 && count > 1 << 16 ? nil : count
  }

  /// The header that precedes elements in C order, with the elements at a multiple of 64.
  static func bytes(descr: String, sizes: [Int]) -> [UInt8] {
    let shape = sizes.map { "\($0)," }.joined(separator: " ")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(shape)), }"
    let isLong = text.utf8.count + 64 > Int(UInt16.max)
    let fixed = isLong ? 12 : 10
    text += String(repeating: " ", count: 63 - (fixed + text.utf8.count) % 64) + "\n"
    var bytes = magic + [isLong ? 2 : 1, 0]
    if isLong { bytes.append(little: UInt32(text.utf8.count)) } else { bytes.append(little: UInt16(text.utf8.count)) }
    return bytes + Array(text.utf8)
  }
}

/// Parses the Python dictionary of a `.npy` header.
struct NumPyHeaderParser {
  private let text: [Character]
  private var position = 0

  init(_ text: String) { self.text = Array(text) }

  mutating func parse() throws(GraphError) -> (NumPyType, Bool, [Int]) {
    var type: NumPyType?
    var isFortranOrdered: Bool?
    var sizes: [Int]?
    try expect("{")
    while !accept("}") {
      let key = try string()
      try expect(":")
      switch key {
      case "descr":
        skipSpaces()
        guard position < text.count, text[position] != "[" else {
          throw GraphError(.unsupported, "holds a structured NumPy array; only plain element types can be read")
        }
        type = try NumPyType(string())
      case "fortran_order": isFortranOrdered = try boolean()
      case "shape": sizes = try tuple()
      default: throw malformed
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    guard let type, let isFortranOrdered, let sizes else { throw malformed }
    return (type, isFortranOrdered, sizes)
  }

  private var malformed: GraphError { GraphError(.file, "has a malformed NumPy header: \(String(text.prefix(120)))") }

  private mutating func skipSpaces() { while position < text.count, text[position].isWhitespace { position += 1 } }

  private mutating func accept(_ character: Character) -> Bool {
    skipSpaces()
    guard position < text.count, text[position] == character else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(GraphError) { if !accept(character) { throw malformed } }

  private mutating func string() throws(GraphError) -> String {
    let quote: Character = accept("'") ? "'" : "\""
    if quote == "\"" { try expect("\"") }
    guard let end = text[position...].firstIndex(of: quote) else { throw malformed }
    defer { position = end + 1 }
    return String(text[position..<end])
  }

  private mutating func word() -> String {
    skipSpaces()
    let start = position
    while position < text.count, text[position].isLetter || text[position].isNumber { position += 1 }
    return String(text[start..<position])
  }

  private mutating func boolean() throws(GraphError) -> Bool {
    switch word() {
    case "True": return true
    case "False": return false
    default: throw malformed
    }
  }

  private mutating func tuple() throws(GraphError) -> [Int] {
    var sizes: [Int] = []
    try expect("(")
    while !accept(")") {
      let digits = word()
      guard let size = Int(digits.hasSuffix("L") ? String(digits.dropLast()) : digits) else { throw malformed }
      sizes.append(size)
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }
}
