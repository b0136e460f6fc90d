import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct CachePositionTests {
  private static func run(length: Int, new: Int) throws -> [[Int]] {
    var g = Graph()
    let value = g.input("length", TensorType(.int64, [] as [Int])), x = g.input("x", TensorType(.float32, [2, new, 3]))
    g.outputs = try g.apply(CachePosition(axis: 1, batch: 2, capacity: 5), [value, x], resultCount: 3)
    let zeros = Tensor.zeros(TensorType(.float32, [2, new, 3]))
    return try Session(g).run([.scalar(Int64(length)), zeros]).map(\.integers)
  }

  @Test func `positions follow each other up to the capacity`() throws {
    #expect(try Self.run(length: 0, new: 5) == [[0, 0], [5, 5], [5]])
    #expect(try Self.run(length: 3, new: 2) == [[3, 3], [5, 5], [5]])
  }

  @Test(arguments: [(4, 2), (5, 1), (0, 6), (-1, 1)]) func `what does not fit is refused`(length: Int, new: Int) throws
  {
    let error = #expect(throws: GraphError.self) { try Self.run(length: length, new: new) }
    #expect(error?.kind == .input && error?.message.contains("do not fit") ?? false)
  }
}
