internal import HoneCodecs
internal import HoneIR

/// An array in a `.npy` file of which rows are read when they are wanted.
struct NumPyArray: Sendable {
  let header: NumPyHeader
  let source: any ByteSource

  init(_ source: any ByteSource) throws(GraphError) {
    header = try NumPyHeader(source)
    self.source = source
  }

  var type: TensorType { TensorType(header.type.element, header.sizes) }

  /// The whole array.
  func tensor() throws(GraphError) -> Tensor { try tensor(elements: 0..<type.elementCount!, sizes: header.sizes) }

  /// The elements at `index` of the first axis.
  func row(_ index: Int) throws(GraphError) -> Tensor {
    precondition(!header.isFortranOrdered && index < header.sizes[0])
    let sizes = Array(header.sizes.dropFirst())
    let count = sizes.reduce(1, *)
    return try tensor(elements: index * count..<(index + 1) * count, sizes: sizes)
  }

  private func tensor(elements: Range<Int>, sizes: [Int]) throws(GraphError) -> Tensor {
    let (item, start) = (header.type.itemByteCount, header.byteCount)
    var bytes = try source.checked(start + elements.lowerBound * item..<start + elements.upperBound * item)
    if header.isFortranOrdered { bytes = Self.reordered(bytes, sizes: sizes, item: item) }
    if header.type.isBigEndian { bytes = bytes.swapped(width: header.type.swapWidth) }
    switch header.type.content {
    case .numbers(.bool): return Tensor(TensorType(.bool, sizes), bytes: bytes.map { $0 == 0 ? 0 : 1 })
    case .numbers(let element): return Tensor(TensorType(element, sizes), bytes: bytes)
    case .bytes, .characters: return Tensor(strings: try strings(bytes, count: elements.count), shape: sizes)
    }
  }

  private func strings(_ bytes: [UInt8], count: Int) throws(GraphError) -> [String] {
    let item = header.type.itemByteCount
    var strings: [String] = []
    strings.reserveCapacity(count)
    for i in 0..<count {
      let part = bytes[i * item..<(i + 1) * item]
      strings.append(header.type.content == .bytes ? Self.text(part) : try Self.characters(part))
    }
    return strings
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    let end = bytes.lastIndex { $0 != 0 }.map { $0 + 1 } ?? bytes.startIndex
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  private static func characters(_ bytes: ArraySlice<UInt8>) throws(GraphError) -> String {
    var text = String.UnicodeScalarView()
    var reader = ByteReader(bytes)
    var zeros = 0
    while reader.remaining > 0 {
      let code = try reader.little(UInt32.self)
      guard let scalar = Unicode.Scalar(code) else {
        throw GraphError(.file, "holds a string with the invalid character \(code)")
      }
      if code == 0 {
        zeros += 1
        continue
      }
      for _ in 0..<zeros { text.append("\0") }
      zeros = 0
      text.append(scalar)
    }
    return String(text)
  }

  /// Elements stored with the first axis fastest, in C order.
  private static func reordered(_ bytes: [UInt8], sizes: [Int], item: Int) -> [UInt8] {
    guard sizes.count > 1, !bytes.isEmpty else { return bytes }
    var strides = [Int](repeating: item, count: sizes.count)
    for axis in 1..<sizes.count { strides[axis] = strides[axis - 1] * sizes[axis - 1] }
    var ordered: [UInt8] = []
    ordered.reserveCapacity(bytes.count)
    var index = [Int](repeating: 0, count: sizes.count)
    var offset = 0
    while ordered.count < bytes.count {
      ordered += bytes[offset..<offset + item]
      for axis in stride(from: sizes.count - 1, through: 0, by: -1) {
        index[axis] += 1
        offset += strides[axis]
        if index[axis] < sizes[axis] { break }
        offset -= sizes[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return ordered
  }
}
