public import Foundation
public import HoneIR
import HoneRuntime

/// Named tensors and strings in a file of the safetensors format, which every framework reads:
/// the header's length (8 bytes, little-endian), the header (JSON), then the elements of all tensors without gaps.
public struct Safetensors: Sendable {
  public var tensors: [String: Tensor]
  public var metadata: [String: String]

  public init(_ tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    (self.tensors, self.metadata) = (tensors, metadata)
  }

  /// Reads a file. Nothing in it is trusted: places outside the file, gaps, overlaps, sizes that do not agree with the shape,
  /// unknown types and damaged headers are errors of kind `.file` that name the file and the tensor.
  public init(contentsOf url: URL) throws(GraphError) {
    let file = try ReadableFile(url)
    self = try locating(url.path) { () throws(GraphError) in try Self(file) }
  }

  private init(_ file: ReadableFile) throws(GraphError) {
    guard file.byteCount >= 8 else { throw GraphError(.file, "is no safetensors file: it is shorter than 8 bytes") }
    let length = try file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafetensorsHeader.byteLimit, Int(length) <= file.byteCount - 8 else {
      throw GraphError(
        .file,
        "is no safetensors file, or was cut off: a header of \(length) bytes was announced, \(file.byteCount - 8) are there"
      )
    }
    let header = try SafetensorsHeader(json: file.bytes(8..<8 + Int(length)))
    let start = 8 + Int(length)
    (tensors, metadata) = ([:], header.metadata)
    var end = 0
    let places = try header.entries.map { name, entry throws(GraphError) in
      try locating("tensor ‘\(name)’") { () throws(GraphError) in (name: name, place: try Place(entry)) }
    }
    for (name, place) in places.sorted(by: {
      ($0.place.start, $0.place.end, $0.name) < ($1.place.start, $1.place.end, $1.name)
    }) {
      guard place.start == end else {
        throw GraphError(
          .file, "starts at byte \(place.start) of the data, where the tensor before it ends at \(end)"
        ).at("tensor ‘\(name)’")
      }
      end = place.end
      guard end <= file.byteCount - start else {
        throw GraphError(
          .file,
          "lies outside the file, which was cut off: \(end) bytes of data were announced, \(file.byteCount - start) are there"
        ).at("tensor ‘\(name)’")
      }
      let tensor = try file.tensor(place.type, at: start + place.start)
      guard tensor.element != .bool || !tensor.byteArray(0..<tensor.byteCount).contains(where: { $0 > 1 }) else {
        throw GraphError(.file, "holds bytes that are neither true nor false").at("tensor ‘\(name)’")
      }
      tensors[name] = tensor
    }
    guard end == file.byteCount - start else {
      throw GraphError(.file, "holds \(file.byteCount - start - end) bytes after its last tensor")
    }
  }

  /// Where a tensor lies in the data.
  private struct Place {
    let type: TensorType
    let start: Int
    let end: Int

    init(_ entry: SafetensorsHeader.Entry) throws(GraphError) {
      guard let element = ElementType(safetensorsName: entry.dtype) else {
        throw GraphError(.file, "is of the unknown type ‘\(entry.dtype)’")
      }
      guard entry.shape.count <= 64, entry.shape.allSatisfy({ $0 >= 0 }) else {
        throw GraphError(.file, "has an impossible shape \(entry.shape.prefix(8))")
      }
      type = TensorType(element, entry.shape)
      guard let byteCount = type.byteCount else { throw GraphError(.file, "is too large: \(type)") }
      guard entry.data_offsets.count == 2, entry.data_offsets[0] >= 0, entry.data_offsets[0] <= entry.data_offsets[1],
        entry.data_offsets[1] - entry.data_offsets[0] == byteCount
      else {
        throw GraphError(.file, "is \(type), \(byteCount) bytes, but its place is \(entry.data_offsets.prefix(8))")
      }
      (start, end) = (entry.data_offsets[0], entry.data_offsets[1])
    }
  }

  /// Writes a file; at any moment the old one or the new one is there, whole.
  ///
  /// Wide elements come first, so that all tensors lie aligned. Fails for element types that the format lacks.
  public func write(to url: URL) throws(GraphError) {
    var header = SafetensorsHeader()
    header.metadata = metadata
    let sorted = tensors.sorted { ($1.value.element.bitWidth, $0.key) < ($0.value.element.bitWidth, $1.key) }
    var end = 0
    for (name, tensor) in sorted {
      guard let type = tensor.element.safetensorsName, name != SafetensorsHeader.metadataKey else {
        throw GraphError(.unsupported, "safetensors files hold no tensor ‘\(name)’ of type \(tensor.type)").at(url.path)
      }
      header.entries[name] = .init(dtype: type, shape: tensor.sizes, data_offsets: [end, end + tensor.byteCount])
      end += tensor.byteCount
    }
    let json = header.json
    guard json.count <= SafetensorsHeader.byteLimit else {
      throw GraphError(.unsupported, "a safetensors header has at most 100 MB, this one has \(json.count) bytes").at(
        url.path)
    }
    try DurableFile.replace(url) { file throws(GraphError) in
      try file.write((0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) } + json)
      for (_, tensor) in sorted { try file.write(tensor) }
    }
  }
}
