import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Real recurrent models with bfloat16 weights.
@Suite struct NarrowRecurrentTests {
  static let models = ["aircraft_rul_lstm", "dtln_1", "nnsplit_en", "tract_byte_sb_bidi_lstm"]

  /// Outputs may be off by 2 % of their scale; rounding weights to bfloat16 makes errors of 0.2 % in every product.
  @Test(arguments: models) func `zoo models stay close in bfloat16`(name: String) throws {
    let folder = ZooTests.shared.appendingPathComponent("zoo/\(name)")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      print("skipped: there is no ../shared/zoo/\(name)")
      return
    }
    let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
    let graph = try Preparation(precision: .bf16).graph(model.graph)
    #expect(graph.sorted().contains { $0.op.name == "NarrowRecurrent" })
    #expect(!graph.sorted().contains { $0.op.name == "LSTM" })
    let session = Session(graph)
    for set in TestDataSet.folders(in: folder) {
      let data = try TestDataSet(folder: set, graph: model.graph)
      for (output, expected) in zip(try session.run(data.inputs), data.outputs) {
        guard let expected else { continue }
        let comparison = Comparison(output, expected: expected, .scaled(rtol: 0, atol: 0.02))
        #expect(comparison.matches, "\(name): \(comparison.mismatch ?? "")")
      }
    }
  }
}
