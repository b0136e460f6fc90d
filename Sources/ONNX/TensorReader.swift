import Foundation
import HoneIR

/// Makes tensors of messages. Bytes in mapped files are used where they lie.
struct TensorReader {
  /// The model's own file, if it came from one.
  let file: MappedFile?
  /// The folder that external data must lie in.
  let folder: URL?
  private let files = FileTable()

  final class FileTable {
    var mapped: [String: MappedFile] = [:]
  }

  init(file: MappedFile?, folder: URL?) { (self.file, self.folder) = (file, folder) }

  func tensor(_ proto: TensorProto) throws(GraphError) -> Tensor {
    try locating("tensor ‘\(proto.name)’") { () throws(GraphError) in try read(proto) }
  }

  private func read(_ proto: TensorProto) throws(GraphError) -> Tensor {
    guard let element = ElementType(code: Int(proto.dataType)) else {
      throw GraphError(.type, "element type \(proto.dataType) is unknown")
    }
    let sizes = try Self.sizes(proto.dims)
    let count = sizes.reduce(1, *)
    let type = TensorType(element, sizes)
    if element == .string {
      guard proto.stringData.count == count else {
        throw GraphError(.file, "\(type) has \(proto.stringData.count) strings")
      }
      return Tensor(strings: proto.stringData.map { String(decoding: $0, as: UTF8.self) }, shape: sizes)
    }
    if proto.dataLocation == .external { return try external(proto, type) }
    if !proto.rawData.isEmpty || count == 0 {
      guard proto.rawData.count == type.byteCount! else {
        throw GraphError(.file, "\(type) takes \(type.byteCount!) bytes, has \(proto.rawData.count)")
      }
      return Tensor(uninitialized: type) { proto.rawData.copyBytes(to: $0) }
    }
    return try typed(proto, type, count)
  }

  /// Sizes as numbers, none negative, whose product does not overflow.
  static func sizes(_ dims: [Int64]) throws(GraphError) -> [Int] {
    var product = 1
    for size in dims {
      guard size >= 0 else { throw GraphError(.type, "size \(size) is negative") }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(Int(size), 1))
      guard !overflow, next < 1 << 40 else { throw GraphError(.type, "sizes \(dims) are absurd") }
      product = next
    }
    return dims.map(Int.init)
  }

  private func external(_ proto: TensorProto, _ type: TensorType) throws(GraphError) -> Tensor {
    let entries = Dictionary(proto.externalData.map { ($0.key, $0.value) }, uniquingKeysWith: { a, _ in a })
    guard let location = entries["location"] else { throw GraphError(.file, "external data without a location") }
    let offset = Int(entries["offset"] ?? "0") ?? -1
    let source = location == WeightScanner.thisFile ? file : try mapped(location)
    guard let source else { throw GraphError(.file, "external data, but the model did not come from a file") }
    let length = entries["length"].map { Int($0) ?? -1 } ?? type.byteCount!
    guard length == type.byteCount! else {
      throw GraphError(.file, "\(type) takes \(type.byteCount!) bytes, has \(length)")
    }
    let bytes = try source.slice(offset, length, for: "its data")
    return Tensor(type, borrowing: bytes, owner: source)
  }

  private func mapped(_ location: String) throws(GraphError) -> MappedFile {
    if let known = files.mapped[location] { return known }
    guard !location.contains("\u{0}") else { throw GraphError(.file, "the location of external data is no path") }
    guard let folder else {
      throw GraphError(.file, "external data ‘\(location)’, but the model did not come from a folder")
    }
    let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
    let url = folder.appendingPathComponent(location)
    let path = url.resolvingSymlinksInPath().standardizedFileURL.path
    guard !location.hasPrefix("/"), path.hasPrefix(root == "/" ? root : root + "/") else {
      throw GraphError(
        .file, "external data ‘\(location)’ leaves the model's folder; only files beside the model are read")
    }
    let file = try MappedFile(url)
    files.mapped[location] = file
    return file
  }

  /// Elements in the typed fields of the message.
  private func typed(_ proto: TensorProto, _ type: TensorType, _ count: Int) throws(GraphError) -> Tensor {
    func checked(_ have: Int, _ want: Int? = nil) throws(GraphError) {
      guard have == want ?? count else { throw GraphError(.file, "\(type) has \(have) values") }
    }
    func store<T: BitwiseCopyable, S: Sequence>(_ values: S, _: T.Type, _ convert: (S.Element) -> T) -> Tensor {
      Tensor(uninitialized: type) { bytes in
        for (i, value) in values.enumerated() {
          bytes.storeBytes(of: convert(value), toByteOffset: i * MemoryLayout<T>.stride, as: T.self)
        }
      }
    }
    switch type.element {
    case .float32:
      try checked(proto.floatData.count)
      return store(proto.floatData, Float.self) { $0 }
    case .complex64:
      try checked(proto.floatData.count, count * 2)
      return store(proto.floatData, Float.self) { $0 }
    case .float64:
      try checked(proto.doubleData.count)
      return store(proto.doubleData, Double.self) { $0 }
    case .complex128:
      try checked(proto.doubleData.count, count * 2)
      return store(proto.doubleData, Double.self) { $0 }
    case .int64:
      try checked(proto.int64Data.count)
      return store(proto.int64Data, Int64.self) { $0 }
    case .uint64:
      try checked(proto.uint64Data.count)
      return store(proto.uint64Data, UInt64.self) { $0 }
    case .uint32:
      try checked(proto.uint64Data.count)
      return store(proto.uint64Data, UInt32.self) { UInt32(truncatingIfNeeded: $0) }
    case .int32:
      try checked(proto.int32Data.count)
      return store(proto.int32Data, Int32.self) { $0 }
    default:
      if type.element.bitWidth < 8 {
        try checked(proto.int32Data.count, type.byteCount!)
        return store(proto.int32Data, UInt8.self) { UInt8(truncatingIfNeeded: $0) }
      }
      try checked(proto.int32Data.count)
      return type.element.bitWidth == 16
        ? store(proto.int32Data, UInt16.self) { UInt16(truncatingIfNeeded: $0) }
        : store(proto.int32Data, UInt8.self) { UInt8(truncatingIfNeeded: $0) }
    }
  }

  /// A sparse tensor, filled up with zeros.
  func dense(_ proto: SparseTensorProto) throws(GraphError) -> Tensor {
    let values = try tensor(proto.values)
    let indices = try tensor(proto.indices)
    let sizes = try Self.sizes(proto.dims)
    let type = TensorType(values.element, sizes)
    let width = values.element.bitWidth / 8
    guard width > 0, indices.element == .int64 else {
      throw GraphError(.unsupported, "sparse tensors of \(values.element.rawValue)")
    }
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
    let given = indices.integers
    let isLinear = indices.sizes.count == 1
    guard given.count == values.elementCount * (isLinear ? 1 : sizes.count), sizes.reduce(1, *) < 1 << 32 else {
      throw GraphError(.file, "a sparse tensor's indices do not fit its values")
    }
    var positions: [Int] = []
    for i in 0..<values.elementCount {
      let position = isLinear ? given[i] : sizes.indices.reduce(0) { $0 + given[i * sizes.count + $1] * strides[$1] }
      guard position >= 0, position < sizes.reduce(1, *) else {
        throw GraphError(.file, "a sparse index lies outside the tensor")
      }
      positions.append(position)
    }
    return Tensor(type) { bytes in
      values.withBytes { source in
        for (i, position) in positions.enumerated() {
          bytes.baseAddress!.advanced(by: position * width).copyMemory(
            from: source.baseAddress! + i * width, byteCount: width)
        }
      }
    }
  }
}
