import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

/// Channel shuffles as exporters write them become one operator.
struct ShuffleSplitTests {
  private static func conv(_ g: inout Graph, _ x: Value, _ filters: Int, _ channels: Int) throws -> Value {
    let count = filters * channels
    return try g.apply(
      Conv(), x,
      g.constant(Tensor((0..<count).map { Float($0 * 31 % 17) / 17 - 0.5 }, shape: [filters, channels, 1, 1])))
  }

  /// Two layers joined, shuffled by `shuffle`, each half in a layer again.
  private static func graph(_ shuffle: (inout Graph, Value) throws -> [Value]) throws -> Graph {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 8, 6, 5]))
    let joined = try g.apply(
      try Concat(attributes: ["axis": .int(1)]), try conv(&g, x, 12, 8), try conv(&g, x, 12, 8))
    g.outputs = try shuffle(&g, joined).map { try conv(&g, $0, 4, 12) }
    return g
  }

  private static func check(_ graph: Graph) throws {
    var lowered = graph
    for pipeline in [Pipeline.cleaning] + Pipeline.lowering { try pipeline.run(on: &lowered) }
    let names = lowered.sorted().map { type(of: $0.op).name }
    #expect(names.filter { $0 == "NHWCShuffleSplit" }.count == 1, "\(names)")
    #expect(!names.contains { ["Concat", "Split", "Gather", "Slice", "NHWCChannelShuffle"].contains($0) }, "\(names)")
    let x = Tensor((0..<240).map { Float($0 % 13) - 6 }, shape: [1, 8, 6, 5])
    let (fast, slow) = (try Session(lowered).run([x]), try Session(graph).run([x]))
    for (a, b) in zip(fast, slow) { #expect(zip(a.floats, b.floats).allSatisfy { abs($0 - $1) < 1e-4 }) }
  }

  @Test func `a shuffle that is split`() throws {
    try Self.check(
      Self.graph { g, x in
        var transpose = Transpose()
        transpose.perm = [0, 2, 1, 3, 4]
        let groups = try g.apply(Reshape(), x, g.constant(.integers([1, 2, 12, 6, 5])))
        let shuffled = try g.apply(
          Reshape(), g.apply(transpose, groups), g.constant(.integers([1, 24, 6, 5])))
        var split = Split()
        (split.axis, split.num_outputs) = (1, 2)
        return try g.apply(split, [shuffled], resultCount: 2)
      })
  }

  @Test func `every second channel`() throws {
    try Self.check(
      Self.graph { g, x in
        var transpose = Transpose(), gather = Gather()
        (transpose.perm, gather.axis) = ([1, 0, 2], 0)
        let pairs = try g.apply(transpose, g.apply(Reshape(), x, g.constant(.integers([12, 2, 30]))))
        let halves = try g.apply(Reshape(), pairs, g.constant(.integers([2, 1, 12, 6, 5])))
        return try [0, 1].map { try g.apply(gather, halves, g.constant(.integers([$0]).reshaped([]))) }
      })
  }
}
