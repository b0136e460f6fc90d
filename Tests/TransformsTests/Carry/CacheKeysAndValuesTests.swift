import Foundation
import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

@Suite struct CacheKeysAndValuesTests {
  private static let words = (0..<20).map { Int64(($0 * 5 + 3) % 13) }

  private static func ids(_ range: Range<Int>) -> Tensor { Tensor(Array(words[range]), shape: [1, range.count]) }
  private static func ones(_ count: Int) -> Tensor { Tensor([Int64](repeating: 1, count: count), shape: [1, count]) }

  /// Logits of the whole text in one run without a past, [20][13].
  private static func reference(_ graph: Graph, mask: Tensor = ones(20)) throws -> [Float] {
    try Session(graph).run(
      graph.inputs.map { input in
        switch graph.name(of: input) {
        case "input_ids": ids(0..<20)
        case "attention_mask": mask
        case "position_ids": Tensor((0..<20).map { Int64($0) }, shape: [1, 20])
        default: Tensor.zeros(TensorType(.float32, [1, 2, 0, 4]))
        }
      })[0].floats
  }

  /// The values for a run on the positions in `range`.
  private static func inputs(_ graph: Graph, _ range: Range<Int>, mask: Tensor = ones(20)) -> [Tensor] {
    graph.inputs.map { input in
      switch graph.name(of: input) {
      case "input_ids": ids(range)
      case "position_ids": Tensor(range.map { Int64($0) }, shape: [1, range.count])
      default: Tensor(range.map { Int64(mask.integer(at: $0)) }, shape: [1, range.count])
      }
    }
  }

  private static func isClose(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 }
  }

  @Test(arguments: SmallDecoder.Attending.allCases, [0, 3])
  func `tokens one at a time give what the whole text gives`(attending: SmallDecoder.Attending, level: Int) throws {
    for form in 0..<4 {
      var decoder = SmallDecoder(attending)
      (decoder.takesPositions, decoder.cutsMask, decoder.takesMask) = (form == 1, form == 2, form != 3)
      let graph = try decoder.graph()
      let expected = try Self.reference(graph)
      var cached = graph
      try CacheKeysAndValues(capacity: 24).run(on: &cached)
      try cached.verify()
      #expect(cached.outputs.map { cached.name(of: $0) } == ["logits"])
      let program = try Preparation(level: level).program(cached)
      let store = StateStore()
      // A prompt of seven, then one by one.
      let prompt = Self.inputs(cached, 0..<7)
      let session = try BoundSession(program, inputs: prompt.map(\.type), state: store)
      for (i, tensor) in prompt.enumerated() { try session.set(i, to: tensor) }
      try session.run()
      var logits = session.output(0).floats
      let single = try BoundSession(program, inputs: Self.inputs(cached, 7..<8).map(\.type), state: store)
      for token in 7..<20 {
        for (i, tensor) in Self.inputs(cached, token..<token + 1).enumerated() { try single.set(i, to: tensor) }
        try single.run()
        logits += single.output(0).floats
      }
      #expect(Self.isClose(logits, expected), "form \(form)")
      #expect(store[CacheKeysAndValues.length]?.integer(at: 0) == 20)
      // Cache and length are written where they lie, or copied as one number.
      #expect(single.plan.copyCount <= 1)
    }
  }
}
