import Foundation
import HoneIR
import HoneONNX
import HoneRuntime
import HoneTransforms
import Testing

/// Padding left out of a real model.
@Suite struct RemovePaddingTests {
  @Test func `TinyBERT gives the same in valid positions and zeros in others`() throws {
    guard let folder = ZooTests.folders("zoo").first(where: { $0.lastPathComponent == "tribuo_tinybert" }) else {
      return
    }
    let graph = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx")).graph
    let (batch, length) = (4, 24)
    let valid = [24, 1, 13, 7]
    let ids = (0..<batch * length).map { Int64($0 * 7919 % 500) }
    let marks = (0..<batch * length).map { Int64($0 % length < valid[$0 / length] ? 1 : 0) }
    let kinds = (0..<batch * length).map { Int64($0 % length < 3 ? 0 : 1) }
    let inputs = [ids, marks, kinds].map { Tensor($0, shape: [batch, length]) }
    let expected = try Session(Preparation(threads: 2).program(graph)).run(inputs)
    let outputs = try Session(Preparation(threads: 2, ragged: "attention_mask").program(graph)).run(inputs)
    let (x, y) = (expected[0].floats, outputs[0].floats)
    let width = expected[0].sizes[2]
    #expect(outputs[0].sizes == [batch, length, width])
    for i in x.indices {
      let isValid = marks[i / width] == 1
      #expect(isValid ? abs(x[i] - y[i]) <= 1e-5 : y[i] == 0)
    }
    #expect(zip(expected[1].floats, outputs[1].floats).allSatisfy { abs($0 - $1) <= 1e-5 })
  }
}
