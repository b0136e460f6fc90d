import Foundation
import Testing

/// Scores that are asked for by name, on images that stand for data.
struct EvaluateTests {
  struct Scores: Decodable {
    var accuracy: Double
    var metrics: [String: Double]?
  }
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A folder as MNIST’s with 40 images of stripes, of ten classes.
  private func data() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hone-evaluate-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let pixels = (0..<40).flatMap { image in (0..<784).map { UInt8(($0 * (image + 3)) % 256) } }
    let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 28, 0, 0, 0, 28]
    try Data(images + pixels).write(to: folder.appendingPathComponent("t10k-images-idx3-ubyte"))
    let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 40] + (0..<40).map { UInt8($0 % 10) }
    try Data(labels).write(to: folder.appendingPathComponent("t10k-labels-idx1-ubyte"))
    return folder
  }

  private func evaluate(_ data: URL, _ arguments: [String]) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = Bundle.main.executableURL!.deletingLastPathComponent().appendingPathComponent("hone")
    let model = Self.root.appendingPathComponent("Examples/fashion-mnist/model.onnx").path
    process.arguments = ["evaluate", model, "--data", data.path] + arguments
    let output = Pipe()
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    try process.run()
    let read = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, read)
  }

  @Test func `scores are given by name`() throws {
    let data = try data()
    defer { try? FileManager.default.removeItem(at: data) }
    let plain = try evaluate(data, ["--format", "json"])
    let usual = try JSONDecoder().decode(Scores.self, from: plain.output)
    #expect(plain.status == 0 && usual.metrics == nil)

    let asked = try evaluate(data, ["--format", "json", "--metrics", "top-1, top-10,auc,log-loss,ece"])
    let scores = try JSONDecoder().decode(Scores.self, from: asked.output)
    let metrics = try #require(scores.metrics)
    #expect(Set(metrics.keys) == ["top-1", "top-10", "auc", "log-loss", "ece"])
    #expect(metrics["top-1"] == scores.accuracy && metrics["top-10"] == 1)
    #expect(metrics["log-loss"] ?? 0 > 0 && (0...1).contains(metrics["auc"] ?? -1))

    let text = String(decoding: try evaluate(data, ["--metrics", "top-10,auc"]).output, as: UTF8.self)
    #expect(text.contains("top-10  1.000000\n") && text.contains("auc     "))
  }

  @Test func `names that are none, or not for the task, fail`() throws {
    let data = try data()
    defer { try? FileManager.default.removeItem(at: data) }
    #expect(try evaluate(data, ["--metrics", "f1"]).status != 0)
    #expect(try evaluate(data, ["--metrics", "ssim"]).status != 0)
    #expect(try evaluate(data, ["--history", "3"]).status != 0)
  }
}
