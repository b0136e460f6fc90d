import Foundation
import HoneIR
import HoneRuntime
import Testing

@testable import HoneTraining

struct SafetensorsTests {
  private static func scratch() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent("hone-\(UUID()).safetensors")
  }

  private static let everyType: [String: Tensor] = [
    "float": Tensor([Float](arrayLiteral: 1, -0.0, .nan, .infinity), shape: [2, 2]),
    "half": Tensor([Float16](arrayLiteral: 0.5, -2), shape: [2]),
    "brain": Tensor([BFloat16(1.5), BFloat16(-3)], shape: [1, 2]), "double": Tensor([Double.pi], shape: []),
    "long": Tensor([Int64.min, .max, 0], shape: [3]), "int": Tensor([Int32](arrayLiteral: -1), shape: [1, 1, 1]),
    "byte": Tensor([UInt8](arrayLiteral: 0, 255, 7), shape: [3]), "bool": Tensor([true, false], shape: [2]),
    "empty": Tensor([Float](), shape: [0, 4]),
  ]

  @Test func `what is written is read again, bit by bit`() throws {
    let url = Self.scratch()
    defer { try? FileManager.default.removeItem(at: url) }
    let written = Safetensors(Self.everyType, metadata: ["note": "“quoted”\n{}", "empty": ""])
    try written.write(to: url)
    let read = try Safetensors(contentsOf: url)
    #expect(read.metadata == written.metadata)
    #expect(read.tensors.keys.sorted() == written.tensors.keys.sorted())
    for (name, tensor) in read.tensors { #expect(tensor.isIdentical(to: Self.everyType[name]!), "\(name)") }
  }

  @Test func `data starts aligned and every tensor lies at a multiple of its element`() throws {
    let url = Self.scratch()
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(Self.everyType).write(to: url)
    let bytes = [UInt8](try Data(contentsOf: url))
    let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length % 8 == 0)
    let header = try SafetensorsHeader(json: Array(bytes[8..<8 + length]))
    for (name, entry) in header.entries {
      let width = Self.everyType[name]!.element.bitWidth / 8
      #expect(entry.data_offsets[0] % width == 0, "\(name)")
    }
  }

  @Test func `a failed writer leaves the old file`() throws {
    let url = Self.scratch()
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(["x": .scalar(Float(1))]).write(to: url)
    #expect(throws: GraphError.self) {
      try DurableFile.replace(url) { file throws(GraphError) in
        try file.write([1, 2, 3])
        throw GraphError(.file, "no more room")
      }
    }
    #expect(try Safetensors(contentsOf: url).tensors["x"]?.floats == [1])
  }

  private static func file(_ header: String, _ data: [UInt8] = [], length: Int? = nil) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: (length ?? header.utf8.count) >> ($0 * 8)) } + Array(header.utf8) + data
  }

  private static let damaged: [(what: String, bytes: [UInt8])] = [
    ("empty", [UInt8]()), ("seven bytes", [UInt8](repeating: 0, count: 7)),
    ("a header longer than the file", file("{}", length: 3)),
    ("a header of 2⁶³ bytes", file("{}", length: .min)), ("no JSON", file("hello")), ("an array", file("[]")),
    ("deep nesting", file(#"{"a":"# + String(repeating: "[", count: 100_000))),
    ("an unfinished header", file(#"{"a":{"dtype":"F32""#)),
    ("a missing key", file(#"{"a":{"dtype":"F32","shape":[0]}}"#)),
    ("metadata that is no strings", file(#"{"__metadata__":{"a":1}}"#)),
    ("an unknown type", file(#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0])),
    ("a negative size", file(#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, [0, 0, 0, 0])),
    ("an overflowing shape", file(#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#)),
    ("a place that does not fit", file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, [0, 0, 0, 0])),
    ("a reversed place", file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, [0, 0, 0, 0])),
    ("a negative place", file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, [0, 0, 0, 0])),
    ("cut-off data", file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, [0, 0, 0])),
    ("more data than tensors", file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, [0, 0])),
    ("a gap", file(#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, [0, 0])),
    (
      "an overlap",
      file(
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
        [0, 0, 0])
    ),
    ("a boolean of 2", file(#"{"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}"#, [2])),
  ]

  @Test func `a damaged or hostile file is an error that names it`() throws {
    let url = Self.scratch()
    defer { try? FileManager.default.removeItem(at: url) }
    for (what, bytes) in Self.damaged {
      try Data(bytes).write(to: url)
      let error = #expect(throws: GraphError.self, "\(what)") { try Safetensors(contentsOf: url) }
      #expect(error?.kind == .file)
      #expect(error?.description.contains(url.lastPathComponent) == true, "\(what)")
    }
  }

  @Test func `every cut of a good file is refused`() throws {
    let url = Self.scratch()
    defer { try? FileManager.default.removeItem(at: url) }
    try Safetensors(Self.everyType, metadata: ["a": "b"]).write(to: url)
    let bytes = try Data(contentsOf: url)
    for count in 0..<bytes.count {
      try bytes.prefix(count).write(to: url)
      #expect(throws: GraphError.self, "cut after \(count) bytes") { try Safetensors(contentsOf: url) }
    }
  }
}
