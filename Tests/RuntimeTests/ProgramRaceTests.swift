import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Programs that try kernels before they choose.
struct ProgramRaceTests {
  /// Dense windows of 3 × 3 of several sizes.
  private static func graph() throws -> Graph {
    var g = Graph()
    var y = g.input("x", TensorType(.float32, [.symbol("batch"), 21, 15, 12]))
    for (from, to) in [(21, 37), (37, 37), (37, 19)] {
      var conv = Conv()
      conv.pads = [1, 1, 1, 1]
      let weights = (0..<from * to * 9).map { Float($0 * 31 % 17) / 170 - 0.05 }
      y = try g.apply(conv, y, g.constant(Tensor(weights, shape: [to, from, 3, 3])))
    }
    g.outputs = [y]
    return g
  }

  private static func input(_ batch: Int) -> Tensor {
    let count = batch * 21 * 15 * 12
    return Tensor((0..<count).map { Float($0 * 37 % 101) / 50 - 1 }, shape: [batch, 21, 15, 12])
  }

  @Test(arguments: [1, 2]) func `results are the same up to rounding, and the same bits in this process`(threads: Int)
    throws
  {
    let graph = try Self.graph()
    for batch in [1, 3] {
      let x = Self.input(batch)
      let expected = try Session(graph, threads: threads).run([x])[0].floats
      let first = try Session(Program(graph, threads: threads, races: true)).run([x])[0]
      let scale = expected.map(abs).max()!
      #expect(zip(first.floats, expected).allSatisfy { abs($0 - $1) < 1e-4 * scale })
      let second = try Session(Program(graph, threads: threads, races: true)).run([x])[0]
      #expect(second.isIdentical(to: first))
    }
  }

  @Test func `without a race nothing is remembered of one`() throws {
    let graph = try Self.graph()
    let x = Self.input(2)
    let before = try Session(graph).run([x])[0]
    _ = try Session(Program(graph, races: true)).run([x])
    #expect(try Session(graph).run([x])[0].isIdentical(to: before))
  }
}
