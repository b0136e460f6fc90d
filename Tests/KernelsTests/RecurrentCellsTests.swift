import HoneKernels
import Testing

struct RecurrentCellsTests {
  static let rows = 3

  @Test(arguments: InstructionSet.available, [1, 7, 16, 50])
  func `an LSTM step matches the definition`(set: InstructionSet, hidden: Int) {
    let rows = Self.rows
    for (activations, forget) in [
      ([Activation.sigmoid, .tanh, .tanh], false), ([.hardSigmoid(alpha: 0.2, beta: 0.5), .relu, .none], true),
    ] {
      var random = Random(UInt64(hidden))
      let gates = Guarded(random.floats(rows * 4 * hidden)), more = Guarded(random.floats(rows * 4 * hidden))
      let peepholes = Guarded(random.floats(3 * hidden)), before = Guarded(random.floats(rows * hidden))
      let cell = Guarded([Float](repeating: .nan, count: rows * hidden))
      let h = Guarded([Float](repeating: .nan, count: rows * hidden))
      LSTMCell(hidden: hidden, clip: 1.5, inputForget: forget, activations: activations, instructionSet: set).run(
        rows: rows, gates: .init(gates.pointer, stride: 4 * hidden), more: .init(more.pointer, stride: 4 * hidden),
        peepholes: peepholes.pointer, cellBefore: .init(before.pointer, stride: hidden),
        cell: .init(cell.pointer, stride: hidden), h: .init(h.pointer, stride: hidden))
      var cells: [Double] = [], states: [Double] = []
      for index in 0..<rows * hidden {
        let (row, j) = index.quotientAndRemainder(dividingBy: hidden)
        func gate(_ k: Int) -> Double {
          let at = row * 4 * hidden + k * hidden + j
          return Double(gates.pointer[at]) + Double(more.pointer[at])
        }
        func peephole(_ k: Int) -> Double { Double(peepholes.pointer[k * hidden + j]) }
        func clip(_ x: Double) -> Double { min(max(x, -1.5), 1.5) }
        let c = Double(before.pointer[index])
        let i = activations[0](clip(gate(0) + peephole(0) * c))
        let f = forget ? 1 - i : activations[0](clip(gate(2) + peephole(2) * c))
        let next = f * c + i * activations[1](clip(gate(3)))
        let o = activations[0](clip(gate(1) + peephole(1) * next))
        cells.append(next)
        states.append(o * activations[2](next))
      }
      #expect(distance(cell.array, cells) < 1e-6)
      #expect(distance(h.array, states) < 1e-6)
    }
  }

  @Test(arguments: InstructionSet.available, [1, 7, 16, 50])
  func `GRU steps match the definition`(set: InstructionSet, hidden: Int) {
    let rows = Self.rows
    var random = Random(UInt64(hidden))
    let x = Guarded(random.floats(rows * 3 * hidden)), h = Guarded(random.floats(rows * 3 * hidden))
    let before = Guarded(random.floats(rows * hidden)), product = Guarded(random.floats(rows * hidden))
    let y = Guarded([Float](repeating: .nan, count: rows * hidden))
    let z = Guarded([Float](repeating: .nan, count: rows * hidden))
    let reset = Guarded([Float](repeating: .nan, count: rows * hidden))
    let cell = GRUCell(hidden: hidden, instructionSet: set)
    let (xRows, hRows) = (
      Rows(UnsafePointer(x.pointer), stride: 3 * hidden), Rows(UnsafePointer(h.pointer), stride: 3 * hidden)
    )
    let beforeRows = Rows(UnsafePointer(before.pointer), stride: hidden)

    func value(_ p: Guarded<Float>, _ index: Int, _ gate: Int) -> Double {
      let (row, j) = index.quotientAndRemainder(dividingBy: hidden)
      return Double(p.pointer[row * 3 * hidden + gate * hidden + j])
    }
    func gate(_ index: Int, _ k: Int) -> Double { Activation.sigmoid(value(x, index, k) + value(h, index, k)) }
    func mix(_ index: Int, _ candidate: Double) -> Double {
      gate(index, 0) * Double(before.pointer[index]) + (1 - gate(index, 0)) * Activation.tanh(candidate)
    }

    cell.run(rows: rows, x: xRows, h: hRows, before: beforeRows, y: .init(y.pointer, stride: hidden))
    let after = (0..<rows * hidden).map { mix($0, value(x, $0, 2) + gate($0, 1) * value(h, $0, 2)) }
    #expect(distance(y.array, after) < 1e-6)

    cell.reset(rows: rows, x: xRows, h: hRows, before: beforeRows, z: z.pointer, reset: reset.pointer)
    #expect(distance(reset.array, (0..<rows * hidden).map { gate($0, 1) * Double(before.pointer[$0]) }) < 1e-6)
    cell.update(
      rows: rows, x: xRows, h: .init(product.pointer, stride: hidden), before: beforeRows, z: z.pointer,
      y: .init(y.pointer, stride: hidden))
    let updated = (0..<rows * hidden).map { mix($0, value(x, $0, 2) + Double(product.pointer[$0])) }
    #expect(distance(y.array, updated) < 1e-6)
  }
}
