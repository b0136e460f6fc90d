import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// The gradient of an embedding's table.
struct GatherGradientTests {
  /// Rows are added in the order of the indices, whatever the threads and the width of the table.
  @Test(arguments: [1, 5, 64, 200]) func rowsAreAddedInOrder(width: Int) throws {
    let (rows, count) = (37, 600)
    var indices: [Int] = []
    var state: UInt64 = 7
    for _ in 0..<count {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      // Low rows often, as words are; some counted from the end.
      let row = min(Int(state >> 40) % rows, Int(state >> 50) % rows)
      indices.append(row % 3 == 0 ? row - rows : row)
    }
    let updates = DerivativeCase.numbers(count * width).reshaped([count, width])
    var expected = [Float](repeating: 0, count: rows * width)
    let floats = updates.floats
    for (i, index) in indices.enumerated() {
      let row = index < 0 ? index + rows : index
      for j in 0..<width { expected[row * width + j] += floats[i * width + j] }
    }
    var graph = Graph()
    let dy = graph.input("dy", TensorType(.float32, [count, width]))
    let places = graph.input("indices", TensorType(.int64, [count]))
    graph.outputs = [try graph.apply(GatherGradient(axis: 0, sizes: [rows, width]), dy, places)]
    for threads in 1...4 {
      let inputs = [Tensor(floats, shape: [count, width]), Tensor.integers(indices)]
      let result = try Session(graph, threads: threads).run(inputs)[0]
      #expect(result.floats == expected, "\(threads) threads")
    }
  }

  @Test func indicesOutsideAreErrors() throws {
    var graph = Graph()
    let dy = graph.input("dy", TensorType(.float32, [1, 2]))
    let places = graph.input("indices", TensorType(.int64, [1]))
    graph.outputs = [try graph.apply(GatherGradient(axis: 0, sizes: [3, 2]), dy, places)]
    let session = Session(graph)
    #expect(throws: GraphError.self) {
      try session.run([Tensor([Float](arrayLiteral: 1, 2), shape: [1, 2]), .integers([3])])
    }
  }
}
