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
        default: Tensor.zeros(TensorType(.float32, graph.shape(of: input)!.map { $0.size ?? 0 }))
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

  /// Attention reads the first of the keys where they lie, in the cache.
  @Test(arguments: [SmallDecoder.Attending.products, .microsoft, .standard, .grouped])
  func `attention reads caches in place`(attending: SmallDecoder.Attending) throws {
    var decoder = SmallDecoder(attending)
    var graph = try decoder.graph()
    try CacheKeysAndValues(capacity: 24).run(on: &graph)
    let attentions = graph.sorted().filter { $0.op is Attention }
    #expect(attentions.count == 2)
    for node in attentions {
      for i in 1...2 { #expect(graph.producer(of: node.operands[i]!)?.op is TensorScatter) }
      #expect(node.operands.count == 7 && graph.tensorType(of: node.operands[6]!) == TensorType(.int64, [1]))
    }
    #expect(graph.inputs.map { graph.name(of: $0) } == ["input_ids", "attention_mask"])
    let names = Set(graph.states.map { graph.name(of: $0) })
    #expect(
      names.isSuperset(of: ["past_length", "past_attention_mask", "past_key_values.1.value"]) && names.count == 6)
  }

  /// As a command carries it, by names, with sizes that only the rewritten operator tells.
  @Test func `pairs of GroupQueryAttention are found`() throws {
    var decoder = SmallDecoder(.grouped)
    var graph = try decoder.graph()
    let expected = try Self.reference(graph)
    try CarryOutputs(capacity: 20).run(on: &graph)
    #expect(!graph.sorted().contains { $0.op is Microsoft.GroupQueryAttention })
    let session = Session(try Preparation().program(graph))
    var logits: [Float] = []
    for token in 0..<20 { logits += try session.run(Self.inputs(graph, token..<token + 1))[0].floats }
    #expect(Self.isClose(logits, expected))
  }

  /// Past and present handed on by the caller: as long as the text, or with room for more.
  @Test(arguments: [0, 5]) func `GroupQueryAttention with its past given`(room: Int) throws {
    var decoder = SmallDecoder(.grouped)
    // A past with room says nothing of positions.
    decoder.takesPositions = true
    let graph = try decoder.graph()
    let expected = try Self.reference(graph)
    let session = Session(try Preparation().program(graph))
    var past = (0..<4).map { _ in Tensor.zeros(TensorType(.float32, [1, 1, room * 4, 4])) }
    var logits: [Float] = []
    for range in [0..<6] + (6..<20).map({ $0..<$0 + 1 }) {
      let places = Tensor(range.map { Int64($0) }, shape: [1, range.count])
      let results = try session.run([Self.ids(range), Self.ones(range.upperBound), places] + past)
      logits += results[0].floats
      past = Array(results.dropFirst())
      #expect(past.allSatisfy { $0.sizes == [1, 1, max(range.upperBound, room * 4), 4] })
    }
    #expect(Self.isClose(logits, expected))
  }

  @Test func `positions that the mask hides stay hidden`() throws {
    var decoder = SmallDecoder()
    let graph = try decoder.graph()
    let mask = Tensor((0..<20).map { Int64($0 < 3 || $0 == 9 ? 0 : 1) }, shape: [1, 20])
    let expected = try Self.reference(graph, mask: mask)
    #expect(!Self.isClose(expected, try Self.reference(graph)))
    var cached = graph
    try CacheKeysAndValues(capacity: 20).run(on: &cached)
    let session = Session(try Preparation().program(cached))
    var logits: [Float] = []
    var ranges: [Range<Int>] = [0..<5, 5..<6, 6..<9]
    for token in 9..<20 { ranges.append(token..<token + 1) }
    for range in ranges {
      logits += try session.run(Self.inputs(cached, range, mask: mask))[0].floats
    }
    // A query that sees no key has no meaning.
    #expect(Self.isClose(Array(logits[39...]), Array(expected[39...])))
  }

  @Test(arguments: [1, 2]) func `a full cache takes nothing more and loses nothing`(threads: Int) throws {
    var decoder = SmallDecoder()
    let graph = try decoder.graph()
    var cached = graph
    try CacheKeysAndValues(capacity: 8).run(on: &cached)
    let store = StateStore()
    let session = Session(try Preparation(threads: threads).program(cached), state: store)
    var logits: [[Float]] = []
    for token in 0..<8 { logits.append(try session.run(Self.inputs(cached, token..<token + 1))[0].floats) }
    let full = store.contents
    for range in [8..<9, 8..<11] {
      let error = #expect(throws: GraphError.self) { try session.run(Self.inputs(cached, range)) }
      #expect(error?.description.contains("do not fit behind the past ones") ?? false)
      #expect(error?.description.contains("‘past’") ?? false)
      #expect(store.contents == full)
    }
    // The last two again, then everything anew.
    store.set(CacheKeysAndValues.length, to: .scalar(Int64(6)))
    for token in 6..<8 { #expect(try session.run(Self.inputs(cached, token..<token + 1))[0].floats == logits[token]) }
    try store.reset(to: cached)
    #expect(store["past_key_values.0.key"].map { $0.floats.allSatisfy { $0 == 0 } } ?? false)
    for token in 0..<8 { #expect(try session.run(Self.inputs(cached, token..<token + 1))[0].floats == logits[token]) }
  }

  @Test func `what a cache of fixed size cannot be is refused with its place`() throws {
    func message(_ capacity: Int = 16, _ change: (inout Graph) throws -> Void) throws -> String {
      var decoder = SmallDecoder()
      decoder.cutsMask = true
      var graph = try decoder.graph()
      try change(&graph)
      let before = graph.revision
      let error = #expect(throws: GraphError.self) { try CacheKeysAndValues(capacity: capacity).run(on: &graph) }
      #expect(graph.revision == before)
      return error?.description ?? ""
    }
    func pasts(_ g: Graph) -> [Value] { g.inputs.filter { g.name(of: $0).hasPrefix("past") } }
    let alone = try message { g in
      let negative = try g.apply(Neg(), pasts(g)[0])
      g.outputs.append(negative)
    }
    #expect(alone.contains("reads ‘past_key_values.0.key’ by itself"))
    let summed = try message { g in
      let axes = g.constant(.integers([2]))
      let sum = try g.apply(ReduceSum(), g.outputs[1], axes)
      g.outputs.append(sum)
    }
    #expect(summed.contains("computes along the past positions") && summed.contains("at ReduceSum"))
    let shown = try message { g in
      let seen = try g.apply(Relu(), g.outputs[1])
      g.rename(seen, to: "seen")
      g.outputs.append(seen)
    }
    #expect(shown.contains("output ‘seen’"))
    let fixed = try message { g in
      let type = ValueType.tensor(TensorType(.float32, [1, 2, 3, 4] as [Int]))
      g = try g.rebuilt(inputTypes: Dictionary(uniqueKeysWithValues: pasts(g).map { ($0, type) }))
    }
    #expect(fixed.contains("made for one number of past positions"))
    let exchanged = try message { g in
      let (key, value) = (g.outputs[1], g.outputs[2])
      g.rename(key, to: "present.0.value")
      g.rename(value, to: "present.0.key")
    }
    #expect(exchanged.contains("is not input"))
    #expect(try message(40) { _ in }.contains("the model knows 32 positions, fewer than the capacity of 40"))
    #expect(try message(0) { _ in }.contains("must be positive"))
  }
}
