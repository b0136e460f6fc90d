import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Damaged model files: each is one error or a correct run; no crash, no hang, no huge allocation.
@Suite struct MutationTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A repeatable stream of numbers (xorshift).
  struct Numbers {
    var state: UInt64
    mutating func next(below limit: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(max(limit, 1)))
    }
  }

  static func mutated(_ original: [UInt8], _ numbers: inout Numbers) -> [UInt8] {
    var bytes = original
    switch numbers.next(below: 6) {
    case 0:  // bit flips anywhere
      for _ in 0...numbers.next(below: 8) {
        bytes[numbers.next(below: bytes.count)] ^= 1 << UInt8(numbers.next(below: 8))
      }
    case 1:  // truncation
      bytes.removeLast(numbers.next(below: bytes.count - 1))
    case 2:  // structure near the front: lengths, sizes, names
      for _ in 0...numbers.next(below: 4) {
        bytes[numbers.next(below: min(2000, bytes.count))] = UInt8(numbers.next(below: 256))
      }
    case 3:  // swapped stretches
      let length = 1 + numbers.next(below: 64)
      let (a, b) = (numbers.next(below: bytes.count - length), numbers.next(below: bytes.count - length))
      for i in 0..<length { bytes.swapAt(a + i, b + i) }
    case 4:  // the tail: inputs, outputs, opsets
      let start = max(0, bytes.count - 1500)
      for _ in 0...numbers.next(below: 6) {
        bytes[start + numbers.next(below: bytes.count - start)] = UInt8(numbers.next(below: 256))
      }
    default:  // huge variable-length integers
      let at = numbers.next(below: max(1, bytes.count - 10))
      for i in 0..<9 { bytes[at + i] = 0xFF }
      bytes[at + 9] = 0x01
    }
    return bytes
  }

  static func peakBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
  }

  @Test func `240 damaged models do no harm`() throws {
    let original = [UInt8](try Data(contentsOf: Self.root.appendingPathComponent("Examples/fashion-mnist/model.onnx")))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hone-mutations-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let before = Self.peakBytes()
    var numbers = Numbers(state: 0x9E37_79B9_7F4A_7C15)
    var (ran, refused) = (0, 0)
    for i in 0..<240 {
      let url = folder.appendingPathComponent("model-\(i).onnx")
      try Data(Self.mutated(original, &numbers)).write(to: url)
      let start = ContinuousClock.now
      do {
        let model = try ONNXModel(contentsOf: url)
        let session = Session(model.graph)
        let inputs = try session.program.inputTypes().map { type throws(GraphError) -> RuntimeValue in
          guard let tensor = type.tensor, tensor.element != .string, let count = tensor.elementCount, count < 1 << 20
          else {
            throw GraphError(.input, "the input is \(type)")
          }
          return .tensor(.zeros(tensor))
        }
        _ = try session.run(inputs)
        ran += 1
      } catch {
        #expect(!error.message.isEmpty, "model \(i)")
        refused += 1
      }
      #expect(ContinuousClock.now - start < .seconds(20), "model \(i) hangs")
      try? FileManager.default.removeItem(at: url)
    }
    print("damaged models: \(ran) ran, \(refused) refused")
    #expect(Self.peakBytes() - before < 1_000_000_000)
  }

  @Test(arguments: ["../outside.bin", "/etc/passwd", "missing.bin", "../../../../etc/passwd"])
  func `external data stays in the model's folder`(location: String) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hone-external-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("model.onnx")
    try Data(Self.modelWithExternalData(at: location)).write(to: url)
    let error = #expect(throws: GraphError.self) { try ONNXModel(contentsOf: url) }
    #expect(error?.kind == .file)
  }

  /// A model of one initializer whose data lies at `location`, written field by field.
  static func modelWithExternalData(at location: String) -> [UInt8] {
    func field(_ number: UInt8, _ body: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(body.count)] + body }
    func text(_ number: UInt8, _ value: String) -> [UInt8] { field(number, Array(value.utf8)) }
    let entry = text(1, "location") + text(2, location)
    let tensor = [8, 4, 16, 1] + text(8, "w") + field(13, entry) + [14 << 3, 1]
    return [8, 8] + [7 << 3 | 2, UInt8(tensor.count + 2)] + field(5, tensor)
  }
}
