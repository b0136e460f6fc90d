import HoneIR
import HoneOperators
import Testing

/// Shapes that are computed by the graph itself, while the batch is a symbol.
struct SymbolicShapeTests {
  let n = Dimension.symbol("N")

  private func shape(_ graph: Graph, _ value: Value) -> [Dimension]? { graph.tensorType(of: value).shape }
  private func integers(_ graph: inout Graph, _ values: Int...) -> Value { graph.constant(.integers(values)) }

  @Test func reshapeResolvesTheHole() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [n, 12, 64]))
    let split = try g.apply(Reshape(), x, integers(&g, 0, 3, 4, -1))
    #expect(shape(g, split) == [n, 3, 4, 64])
    let flat = try g.apply(Reshape(), x, integers(&g, -1, 64))
    #expect(shape(g, flat) == [n * 12, 64])
    let back = try g.apply(Reshape(), flat, integers(&g, -1, 12, 64))
    #expect(shape(g, back) == [n, 12, 64])
  }

  @Test func reshapeTakesComputedTargets() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [n, 3, 8, 8]))
    let sizes = try g.apply(HoneOperators.Shape(), x)
    let batch = try g.apply(Gather(), sizes, g.constant(.scalar(Int64(0))))
    let vector = try g.apply(Unsqueeze(), batch, integers(&g, 0))
    let target = try g.apply(Concat(), vector, integers(&g, -1))
    let flat = try g.apply(Reshape(), x, target)
    #expect(shape(g, flat) == [n, 192])
    var ends = HoneOperators.Shape()
    ends.start = 2
    let (last, count) = (try g.apply(ends, x), try g.apply(Size(), x))
    #expect(g.symbolic(last) == [8, 8])
    #expect(g.symbolic(count) == [n * 192])
  }

  @Test func reshapeRefusesWhatCannotFit() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [2, 3]))
    let (uneven, twice, beyond) = (integers(&g, 4, -1), integers(&g, -1, -1), integers(&g, 2, 3, 0))
    for target in [uneven, twice, beyond] {
      #expect(throws: GraphError.self) { try g.apply(Reshape(), x, target) }
    }
  }

  @Test func slicesKeepWhatTheyProve() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [n, 10]))
    func sliced(_ start: Int, _ end: Int, axis: Int) throws -> Dimension? {
      let bounds = [start, end, axis].map { g.constant(.integers([$0])) }
      let y = try g.apply(HoneOperators.Slice(), x, bounds[0], bounds[1], bounds[2])
      return shape(g, y)?[axis]
    }
    #expect(try sliced(0, .max, axis: 0) == n)
    #expect(try sliced(1, .max, axis: 0) == n - 1)
    #expect(try sliced(-1, .max, axis: 0) == 1)
    #expect(try sliced(0, 5, axis: 0)?.size == nil)
    #expect(try sliced(2, -1, axis: 1) == 7)
    #expect(try sliced(20, .max, axis: 1) == 0)
  }

  @Test func expandAndTileAndPadCompute() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, n]))
    let expanded = try g.apply(Expand(), x, g.constant(.integers([4, 1])))
    let tiled = try g.apply(Tile(), x, g.constant(.integers([2, 3])))
    let padded = try g.apply(Pad(), x, g.constant(.integers([0, 1, 0, 2])))
    #expect(shape(g, expanded) == [4, n])
    #expect(shape(g, tiled) == [2, n * 3])
    #expect(shape(g, padded) == [1, n + 3])
  }

  @Test func whatDependsOnDataIsUnknown() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [n, 3]))
    let target = g.input("target", TensorType(.int64, [2]))
    let y = try g.apply(Reshape(), x, target)
    #expect(shape(g, y)?.count == 2)
    #expect(shape(g, y)?.allSatisfy { $0.size == nil } == true)
  }
}
