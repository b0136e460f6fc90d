internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// An IDX file, the format of MNIST and its relatives, gzip or not. Numbers are big-endian.
struct IDXFile: Sendable {
  let type: TensorType
  private let source: any ByteSource
  private let start: Int

  /// Opens the file; fails unless it is as long as its header says.
  init(_ url: URL) throws(GraphError) {
    let file = try FileBytes(url)
    self = try locating(url.path) { () throws(GraphError) in try IDXFile(file) }
  }

  private init(_ file: FileBytes) throws(GraphError) {
    let isPacked = try file.read(0..<min(2, file.count)) == [0x1f, 0x8b]
    let top =
      isPacked ? try Inflate.prefix(file, .gzip, count: 4 + 4 * 255) : try file.read(0..<min(4 + 4 * 255, file.count))
    (type, start) = try Self.header(top)
    let expected = start + type.byteCount!
    if isPacked { try Inflate.check(unpacked: expected, packed: file.count) }
    source = isPacked ? try Inflate.unpack(file, .gzip, limit: expected) : file
    guard source.count == expected else {
      throw GraphError(.file, "announces \(type), but has \(source.count - start) bytes")
    }
  }

  /// The type, and where the elements start.
  private static func header(_ bytes: [UInt8]) throws(GraphError) -> (TensorType, Int) {
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, bytes[3] > 0, let element = elements[bytes[2]] else {
      throw GraphError(.file, "is no IDX file: it does not start with two zeros, an element type and a rank")
    }
    var reader = ByteReader(bytes[4...])
    var sizes: [Int] = []
    for _ in 0..<bytes[3] { sizes.append(Int(try reader.big(UInt32.self))) }
    guard checkedProduct(sizes) != nil else { throw GraphError(.file, "announces \(sizes) elements") }
    return (TensorType(element, sizes), 4 + 4 * sizes.count)
  }

  /// The elements at `index` of the first axis.
  func row(_ index: Int) throws(GraphError) -> Tensor {
    let sizes = Array(type.sizes!.dropFirst())
    let width = type.element.byteCount(sizes.reduce(1, *))
    return Tensor(TensorType(type.element, sizes), bytes: try bytes(index * width..<(index + 1) * width))
  }

  func tensor() throws(GraphError) -> Tensor { Tensor(type, bytes: try bytes(0..<type.byteCount!)) }

  private func bytes(_ range: Range<Int>) throws(GraphError) -> [UInt8] {
    try source.read(start + range.lowerBound..<start + range.upperBound).swapped(width: type.element.bitWidth / 8)
  }

  private static let elements: [UInt8: ElementType] = [
    8: .uint8, 9: .int8, 0x0b: .int16, 0x0c: .int32, 0x0d: .float32, 0x0e: .float64,
  ]
}
