import Foundation
import HoneIR

/// Writes big tensors to a file beside the model, each at a multiple of 64 bytes.
struct ExternalWriter {
  let name: String
  private let handle: FileHandle
  private var offset = 0
  /// Tensors of fewer bytes stay in the message.
  let threshold = 1024
  private(set) var failure: String?

  /// A writer to `url`, which the model will know as `name`.
  init(_ url: URL, named name: String) throws(GraphError) {
    self.name = name
    guard FileManager.default.createFile(atPath: url.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: url.path)
    else {
      throw GraphError(.file, "cannot write \(url.path)")
    }
    self.handle = handle
  }

  mutating func append(_ tensor: Tensor) -> (offset: Int, length: Int) {
    let padding = (64 - offset % 64) % 64
    do {
      try handle.write(contentsOf: Data(count: padding))
      try tensor.withBytes { bytes in
        try handle.write(
          contentsOf: Data(
            bytesNoCopy: UnsafeMutableRawPointer(mutating: bytes.baseAddress!), count: bytes.count, deallocator: .none))
      }
    } catch { failure = "\(error)" }
    offset += padding
    defer { offset += tensor.byteCount }
    return (offset, tensor.byteCount)
  }
  func close() { try? handle.close() }
}

extension TensorProto {
  init(_ tensor: Tensor, name: String, external: inout ExternalWriter?) {
    self.init()
    self.name = name
    dims = tensor.sizes.map(Int64.init)
    dataType = Int32(tensor.element.code)
    if tensor.element == .string {
      stringData = tensor.strings.map { Data($0.utf8) }
    } else if external != nil, tensor.byteCount >= external!.threshold {
      let place = external!.append(tensor)
      dataLocation = .external
      externalData = [("location", external!.name), ("offset", "\(place.offset)"), ("length", "\(place.length)")].map {
        key, value in
        var entry = StringStringEntryProto()
        (entry.key, entry.value) = (key, value)
        return entry
      }
    } else {
      rawData = tensor.withBytes { Data($0) }
    }
  }
}
