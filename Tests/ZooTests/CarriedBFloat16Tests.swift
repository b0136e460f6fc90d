import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Real models with states in bfloat16: what they say stays close to fp32 chunk after chunk, and depends on what came before.
@Suite struct CarriedBFloat16Tests {
  /// ‖a − b‖ / ‖b‖
  private static func distance(_ a: [Float], _ b: [Float]) -> Double {
    let norm = b.reduce(0) { $0 + Double($1) * Double($1) }
    return (zip(a, b).reduce(0) { $0 + pow(Double($1.0 - $1.1), 2) } / norm).squareRoot()
  }

  private static func narrowProducts(_ graph: Graph) -> Int {
    graph.sorted().count { node in
      if node.op.name == "NarrowRecurrent" { return true }
      guard ["NHWCConv", "Linear", "Attention"].contains(node.op.name), let x = node.operands[0] else { return false }
      return graph.tensorType(of: x).element == .bfloat16
    }
  }

  @Test(arguments: CarriedModelsTests.models) func `20 chunks stay close`(model: CarriedModelsTests.Model) throws {
    let folder = ZooTests.shared.appendingPathComponent("zoo/\(model.name)")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return print("skipped: there is no \(folder.path)")
    }
    var graph = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx")).graph
    let set = try TestDataSet(folder: TestDataSet.folders(in: folder)[0], graph: graph)
    let values = zip(graph.inputs, set.inputs).filter { !model.states.contains(graph.name(of: $0.0)) }.map(\.1)
    let plain = try Preparation(precision: .bf16).graph(graph)
    try CarryOutputs(model.pairs).run(on: &graph)
    let signal = values.firstIndex { $0?.tensor?.element == .float32 }!
    let prepared = try Preparation(precision: .bf16).graph(graph)
    // States do not keep anything from bfloat16 that is in it without them.
    #expect(Self.narrowProducts(prepared) == Self.narrowProducts(plain))
    func chunk(_ i: Int) -> [RuntimeValue?] {
      let x = values[signal]!.tensor!
      var inputs = values
      inputs[signal] = .tensor(Tensor(x.floats.map { $0 * Float(i % 5 + 1) / 3 }, shape: x.sizes))
      return inputs
    }
    let (wide, store) = (Session(try Preparation().program(graph)), StateStore())
    let narrow = Session(Program(prepared, threads: 1), state: store)
    var first: [Float] = []
    for i in 0..<20 {
      let expected = try wide.run(chunk(i))[0].tensor!.floats
      let result = try narrow.run(chunk(i))[0].tensor!.floats
      #expect(Self.distance(result, expected) < 0.05, "chunk \(i)")
      if i == 0 { first = result }
    }
    // The states have moved on, and go back.
    #expect(try narrow.run(chunk(0))[0].tensor!.floats != first)
    try store.reset(to: graph)
    #expect(try narrow.run(chunk(0))[0].tensor!.floats == first)
  }
}
