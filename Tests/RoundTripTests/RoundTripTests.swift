import Foundation
import HoneIR
import HoneONNX
import HoneTransforms
import Testing

/// Every zoo model, rewritten and written, must give in ONNX Runtime what the original gives, with no more nodes.
@Suite(.serialized) struct RoundTripTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let referees = root.appendingPathComponent("Tests/Referees")
  static let zoo = root.deletingLastPathComponent().appendingPathComponent("shared/zoo")

  /// A Python that has the referees, or nil.
  static let python: URL? = [root.appendingPathComponent(".venv/bin/python")]
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  static let models: [String] = {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: zoo.path)) ?? []
    let models = folders.filter {
      FileManager.default.fileExists(atPath: zoo.appendingPathComponent("\($0)/model.onnx").path)
    }.sorted()
    guard !models.isEmpty, python != nil else {
      print(
        "RoundTripTests are skipped: \(models.isEmpty ? "no models in \(zoo.path)" : "no Python with onnxruntime in .venv")"
      )
      return []
    }
    return models
  }()

  @Test(arguments: models) func givesTheSameInONNXRuntime(model name: String) throws {
    let folder = Self.zoo.appendingPathComponent(name)
    var model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
    let samples = try TestDataSet.folders(in: folder).map { try TestDataSet(folder: $0, graph: model.graph).inputs }
    var pipeline = VerifiedPipeline(.extended)
    pipeline.seconds = 20
    let report = try pipeline.run(on: &model.graph, samples: samples)
    #expect(report.nodesAfter <= report.nodesBefore)
    #expect(report.rolledBack.isEmpty, "\(report.rolledBack)")

    let target = FileManager.default.temporaryDirectory.appendingPathComponent(
      "hone-\(name)-\(ProcessInfo.processInfo.processIdentifier).onnx")
    defer { try? FileManager.default.removeItem(at: target) }
    try model.write(to: target)
    let (status, output) = try Self.run([
      Self.referees.appendingPathComponent("compare.py").path, folder.appendingPathComponent("model.onnx").path,
      target.path, folder.path, "--floor", "0.01",
    ])
    #expect(status == 0, "\(output)")

    let ort = try Self.nodesAfterONNXRuntime(folder.appendingPathComponent("model.onnx"))
    print("\(name): \(report.nodesBefore) nodes, \(report.nodesAfter) after Hone, \(ort) after ONNX Runtime")
    if name.hasPrefix("light_") || Self.comparable.contains(name) { #expect(report.nodesAfter <= ort) }
  }

  /// Models of the kinds that ONNX Runtime's extended optimization is made for, besides `light_*`.
  static let comparable: Set = [
    "fastestdet", "tribuo_tinybert", "ultraface_rfb320", "ultraface_slim320", "vespa_random_decoder", "yunet_n_320",
  ]

  private static func nodesAfterONNXRuntime(_ model: URL) throws -> Int {
    struct Count: Decodable { var nodes, constants: Int }
    let (_, output) = try run([referees.appendingPathComponent("nodes_after_ort.py").path, model.path])
    let counts = try JSONDecoder().decode([String: [String: Count]].self, from: Data(output.utf8))
    return counts.values.first?["after"].map { $0.nodes + $0.constants } ?? .max
  }

  private static func run(_ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = python
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }
}
