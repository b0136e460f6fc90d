import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

/// Factors of channels go to the weights behind them where images are large.
struct ScaleWeightsTests {
  /// A block of squeeze and excitation on two images of `size` × `size`, with a residual.
  private static func graph(size: Int, filters: Int = 24, isFollowed: Bool = false) throws -> Graph {
    var g = Graph()
    func convolved(_ x: Value, _ from: Int, _ to: Int) throws -> Value {
      let weights = (0..<from * to).map { Float($0 * 31 % 23) / 46 - 0.24 }
      let bias = (0..<to).map { Float($0 % 5) / 10 }
      return try g.apply(
        Conv(), x, g.constant(Tensor(weights, shape: [to, from, 1, 1])), g.constant(Tensor(bias, shape: [to])))
    }
    let x = g.input("x", TensorType(.float32, [2, 24, Dimension(size), Dimension(size)]))
    let wide = try g.apply(Relu(), convolved(x, 24, 40))
    let squeezed = try g.apply(Relu(), convolved(g.apply(GlobalAveragePool(), wide), 40, 12))
    let factors = try g.apply(Sigmoid(), convolved(squeezed, 12, 40))
    let y = try convolved(g.apply(Mul(), wide, factors), 40, filters)
    g.outputs = [filters == 24 ? try g.apply(Add(), y, x) : y]
    if isFollowed { g.outputs = [try g.apply(Relu(), convolved(g.outputs[0], filters, 16))] }
    return g
  }

  /// The prepared graph, after checking that it gives the same numbers on one to three threads.
  private static func prepared(_ graph: Graph) throws -> Graph {
    let prepared = try Preparation().graph(graph)
    let sizes = try #require(graph.tensorType(of: graph.inputs[0]).sizes)
    let x = Tensor((0..<sizes.reduce(1, *)).map { Float($0 * 37 % 101) / 50 - 1 }, shape: sizes)
    let expected = try Session(graph).run([x])[0].floats
    for threads in 1...3 {
      let result = try Session(prepared, threads: threads).run([x])[0].floats
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }
    return prepared
  }

  private static func scaledCount(_ graph: Graph) -> Int {
    graph.sorted().count { $0.op is NHWCConv && $0.operands.count == 5 }
  }

  @Test(arguments: [24, 20, 70]) func `a large image is not multiplied`(filters: Int) throws {
    let graph = try Self.prepared(Self.graph(size: 31, filters: filters))
    #expect(Self.scaledCount(graph) == 1 && !graph.sorted().contains { $0.op is Mul })
  }

  @Test func `a small one is`() throws {
    let graph = try Self.prepared(Self.graph(size: 7))
    #expect(Self.scaledCount(graph) == 0 && graph.sorted().contains { $0.op is Mul })
  }

  @Test func `bands of rows take factors too`() throws {
    let graph = try Self.prepared(Self.graph(size: 120, isFollowed: true))
    #expect(Self.scaledCount(graph) == 1)
  }
}
