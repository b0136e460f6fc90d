import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Real models with expected outputs, in `../shared/zoo` beside the checkout.
@Suite struct ZooTests {
  static let shared = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared")

  static func folders(_ name: String) -> [URL] {
    let folder = shared.appendingPathComponent(name)
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    if entries.isEmpty { print("skipped: there is no ../shared/\(name)") }
    return entries.sorted { $0.path < $1.path }
  }

  @Test(arguments: [0, 3]) func `zoo models give the expected outputs`(level: Int) throws {
    var matched = 0
    for folder in Self.folders("zoo") where folder.hasDirectoryPath {
      let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
      let session = Session(try Preparation(level: level, threads: 2).program(model.graph))
      for set in TestDataSet.folders(in: folder) {
        let data = try TestDataSet(folder: set, graph: model.graph)
        let outputs = try session.run(data.inputs)
        for (output, expected) in zip(outputs, data.outputs) {
          guard let expected else { continue }
          let comparison = Comparison(output, expected: expected, .scaled(rtol: 1e-3, atol: 1e-4), integerStep: 1)
          #expect(comparison.matches, "\(folder.lastPathComponent): \(comparison.mismatch ?? "")")
        }
      }
      matched += 1
    }
    print("zoo at level \(level): \(matched) models ran")
  }

  @Test func `what cannot run is refused with a reason`() {
    for file in Self.folders("zoo-refused") where file.pathExtension == "onnx" {
      do { _ = Session(try ONNXModel(contentsOf: file).graph) } catch {
        #expect(!error.message.isEmpty)
        #expect(error.description.contains(file.lastPathComponent))
      }
    }
  }
}
