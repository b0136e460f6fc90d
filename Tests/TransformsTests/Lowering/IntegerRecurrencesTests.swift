import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

/// Recurrent operators behind DequantizeLinear of their weights.
@Suite struct IntegerRecurrencesTests {
  private enum Grain { case tensor, row, direction, column }

  /// `op` with weights from bytes whose scales are as fine as `grain`.
  private static func graph(_ op: any Op, gates: Int, _ grain: Grain, isUnsigned: Bool = false) throws -> Graph {
    let (inputs, hidden, directions) = (9, 14, 2)
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("steps"), .symbol("batch"), .fixed(inputs)]))
    func weights(_ depth: Int, _ seed: Int) throws -> Value {
      let sizes = [directions, gates * hidden, depth]
      let count = sizes.reduce(1, *)
      let bytes = (0..<count).map { ($0 * 7919 + seed) % 255 - 127 }
      let axis = [Grain.direction: 0, .row: 1, .column: 2][grain]
      let shape = axis.map { [sizes[$0]] } ?? []
      let scales = (0..<shape.reduce(1, *)).map { 0.003 + Float($0 % 7) * 0.0002 }
      let zeros = [Int](repeating: isUnsigned ? 131 : 0, count: scales.count)
      let integers =
        isUnsigned
        ? Tensor(bytes.map { UInt8($0 + 128) }, shape: sizes) : Tensor(bytes.map { Int8($0) }, shape: sizes)
      let zero =
        isUnsigned ? Tensor(zeros.map { UInt8($0) }, shape: shape) : Tensor(zeros.map { Int8($0) }, shape: shape)
      return try g.apply(
        configured(DequantizeLinear()) { $0.axis = axis ?? 1 }, g.constant(integers),
        g.constant(Tensor(scales, shape: shape)), g.constant(zero))
    }
    let bias = (0..<directions * 2 * gates * hidden).map { Float($0 % 11) / 30 - 0.15 }
    let operands = [
      x, try weights(inputs, 1), try weights(hidden, 2),
      g.constant(Tensor(bias, shape: [directions, 2 * gates * hidden])),
    ]
    g.outputs = try g.apply(op, operands, resultCount: 2, named: "cell")
    return g
  }

  private static let cells: [(op: any Op, gates: Int)] = [
    (configured(GRU()) { $0.direction = .bidirectional }, 3),
    (configured(GRU()) { ($0.direction, $0.linear_before_reset) = (.bidirectional, true) }, 3),
    (configured(RNN()) { ($0.direction, $0.activations) = (.bidirectional, ["Tanh", "Relu"]) }, 1),
    (configured(LSTM()) { $0.direction = .bidirectional }, 4),
  ]

  @Test(arguments: 0..<4) func `bytes stay bytes and results those of their worth`(cell: Int) throws {
    for (grain, isUnsigned) in [(Grain.tensor, false), (.row, false), (.direction, true), (.row, true)] {
      let graph = try Self.graph(Self.cells[cell].op, gates: Self.cells[cell].gates, grain, isUnsigned: isUnsigned)
      let prepared = try Preparation().graph(graph)
      let node = try #require(prepared.sorted().first { $0.op is IntegerRecurrent }, "\(grain)")
      #expect(node.operands[1...2].allSatisfy { prepared.constant($0)?.element == (isUnsigned ? .uint8 : .int8) })
      #expect(!prepared.sorted().contains { $0.op is DequantizeLinear })
      for (steps, batch) in [(1, 1), (5, 3)] {
        let values = (0..<steps * batch * 9).map { Float($0 * 104_729 % 2001 - 1000) / 700 }
        let x = Tensor(values, shape: [steps, batch, 9])
        let expected = try Session(graph).run([x])
        let results = try Session(prepared).run([x])
        for (a, b) in zip(results, expected) {
          let worst = zip(a.floats, b.floats).map { abs($0 - $1) }.max()!
          #expect(worst < 1e-3 * b.floats.map(abs).max()!, "\(grain)")
        }
      }
    }
  }

  @Test func `scales along the sums cannot be taken out of them`() throws {
    let prepared = try Preparation().graph(Self.graph(Self.cells[0].op, gates: 3, .column))
    #expect(!prepared.sorted().contains { $0.op is IntegerRecurrent })
    #expect(prepared.sorted().contains { $0.op is GRU })
  }

  @Test func `a model with nothing else in bytes is a quantized one`() throws {
    let graph = try Self.graph(Self.cells[2].op, gates: 1, .row)
    let prepared = try Preparation(precision: .int8).graph(graph)
    #expect(prepared.sorted().contains { $0.op is IntegerRecurrent })
  }
}
