import Foundation
import Testing

/// Dynamic quantization of a real LSTM, as the command does it, in ONNX Runtime.
@Suite struct QuantizeTests {
  static let root = CompressTests.root
  static let model = root.deletingLastPathComponent().appendingPathComponent("shared/zoo/aircraft_rul_lstm")

  private static func run(_ executable: URL, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    (process.executableURL, process.arguments) = (executable, arguments)
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test(arguments: ["--per-channel", "--no-per-channel"])
  func `a dynamically quantized LSTM runs in ONNX Runtime and stays close`(granularity: String) throws {
    let python = Self.root.appendingPathComponent(".venv/bin/python")
    guard FileManager.default.fileExists(atPath: Self.model.path),
      FileManager.default.isExecutableFile(atPath: python.path)
    else {
      print("skipped: there is no ../shared/zoo, or no Python with onnxruntime in .venv")
      return
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("hone-dynamic-\(UUID()).onnx")
    defer { try? FileManager.default.removeItem(at: file) }
    let hone = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
    let original = Self.model.appendingPathComponent("model.onnx")
    let (status, _) = try Self.run(
      hone, ["quantize", original.path, "--mode", "dynamic", granularity, "-o", file.path, "--quiet"])
    #expect(status == 0)
    let size = { (url: URL) in (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0 }
    #expect(size(file) > 0 && 2 * size(file) < size(original))
    let compare = Self.root.appendingPathComponent("Tests/Referees/compare.py").path
    let (verdict, report) = try Self.run(
      python, [compare, original.path, file.path, Self.model.path, "--rtol", "0", "--atol", "0.03"])
    #expect(verdict == 0, "\(report)")
  }
}
