import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Real models with states: carried, they give what they give when their outputs are handed back to them.
@Suite struct CarriedModelsTests {
  struct Model: Sendable {
    var name: String
    /// Found by their names where there are none.
    var pairs: [CarriedPair] = []
    var states: [String]
  }
  static let models = [
    Model(name: "silero_vad_op18_ifless", states: ["state"]),
    Model(name: "silero_vad_v3_legacy", states: ["c", "h"]),
    Model(name: "gtcrn_simple", states: ["conv_cache", "inter_cache", "tra_cache"]),
    Model(
      name: "dtln_1", pairs: [CarriedPair(output: "tf_op_layer_stack_2", input: "input_3")], states: ["input_3"]),
  ]

  @Test(arguments: models) func `chunks give what handing outputs back gives`(model: Model) throws {
    let folder = ZooTests.shared.appendingPathComponent("zoo/\(model.name)")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return print("skipped: there is no \(folder.path)")
    }
    let graph = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx")).graph
    let set = try TestDataSet(folder: TestDataSet.folders(in: folder)[0], graph: graph)
    let pairs = model.pairs.isEmpty ? CarriedPair.named(in: graph) : model.pairs
    #expect(pairs.map(\.input).sorted() == model.states)
    var carried = graph
    try CarryOutputs(model.pairs).run(on: &carried)
    #expect(Set(carried.states.map { carried.name(of: $0) }) == Set(model.states))

    let byHand = Session(try Preparation().program(graph))
    let store = StateStore()
    let session = Session(try Preparation().program(carried), state: store)
    var values = set.inputs
    let inputs = graph.inputs.map { graph.name(of: $0) }, outputs = graph.outputs.map { graph.name(of: $0) }
    for (i, name) in inputs.enumerated() where model.states.contains(name) {
      values[i] = .tensor(.zeros(values[i]!.tensor!.type))
    }
    let free = inputs.indices.filter { !model.states.contains(inputs[$0]) }
    let signal = free.first { values[$0]?.tensor?.element == .float32 }!
    for chunk in 0..<6 {
      // Another loudness for each chunk.
      let x = set.inputs[signal]!.tensor!
      values[signal] = .tensor(Tensor(x.floats.map { $0 * Float(chunk + 1) / 4 }, shape: x.sizes))
      let expected = try byHand.run(values)
      let results = try session.run(free.map { values[$0] })
      let kept = outputs.indices.filter { i in !pairs.contains { $0.output == outputs[i] } }
      #expect(kept.count == results.count)
      for (result, i) in zip(results, kept) {
        let comparison = Comparison(result, expected: expected[i], .scaled(rtol: 1e-4, atol: 1e-5))
        #expect(comparison.matches, "chunk \(chunk), \(outputs[i]): \(comparison.mismatch ?? "")")
      }
      for pair in pairs {
        let next = expected[outputs.firstIndex(of: pair.output)!].tensor!
        let state = try #require(store[pair.input])
        let comparison = Comparison(.tensor(state), expected: .tensor(next), .scaled(rtol: 1e-4, atol: 1e-5))
        #expect(comparison.matches, "chunk \(chunk), \(pair.input): \(comparison.mismatch ?? "")")
        values[inputs.firstIndex(of: pair.input)!] = .tensor(next)
      }
    }
  }
}
