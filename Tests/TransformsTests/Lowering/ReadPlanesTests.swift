import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

/// First layers of networks for images read them as they come.
struct ReadPlanesTests {
  /// A convolution of `channels` and another behind it, on images that `change` may alter first.
  private static func graph(channels: Int, _ change: (inout Graph, Value) throws -> Value = { _, x in x }) throws
    -> Graph
  {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [2, channels, 80, 120]))
    var y = try change(&g, x)
    for (from, to) in [(channels, 24), (24, 20)] {
      var conv = Conv()
      (conv.strides, conv.pads) = ([2, 2], [1, 1, 1, 1])
      let weights = (0..<from * to * 9).map { Float($0 * 31 % 17) / 17 - 0.5 }
      y = try g.apply(Relu(), g.apply(conv, y, g.constant(Tensor(weights, shape: [to, from, 3, 3]))))
    }
    g.outputs = [y]
    return g
  }

  private static func operators(_ graph: Graph) throws -> [String] {
    let prepared = try Preparation().graph(graph)
    let values = (0..<graph.tensorType(of: graph.inputs[0]).elementCount!).map { Float($0 * 37 % 101) / 50 - 1 }
    let x = Tensor(values, shape: graph.tensorType(of: graph.inputs[0]).sizes!)
    let expected = try Session(graph).run([x])[0].floats
    for threads in 1...3 {
      let result = try Session(prepared, threads: threads).run([x])[0].floats
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-3 })
    }
    return prepared.sorted().map { type(of: $0.op).name }
  }

  @Test func `an image is not turned before its first layer`() throws {
    #expect(try Self.operators(Self.graph(channels: 3)) == ["NHWCConv", "NHWCConv", "Transpose"])
  }

  @Test func `nor is one that was scaled`() throws {
    let names = try Self.operators(
      Self.graph(channels: 3) { g, x in
        try g.apply(Exp(), g.apply(Mul(), x, g.constant(Tensor([Float(0.5)], shape: []))))
      })
    #expect(names.filter { $0 == "Transpose" }.count == 1, "\(names)")
  }

  @Test func `images of many channels are`() throws {
    #expect(try Self.operators(Self.graph(channels: 24)) == ["Transpose", "NHWCConv", "NHWCConv", "Transpose"])
  }
}
