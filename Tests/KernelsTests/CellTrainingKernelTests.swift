import HoneKernels
import Testing

struct CellTrainingKernelTests {
  typealias Cell = CellTrainingKernel.Cell

  /// Sizes around vectors and tiles: rows, inputs, units.
  static let sizes = [(1, 1, 1), (3, 2, 7), (7, 5, 16), (13, 3, 33), (6, 17, 70)]

  /// One problem, its numbers between unreadable pages.
  struct Problem {
    let kernel: CellTrainingKernel
    let rows: Int
    let operands, w, r, b, packed, before, saved, h, y: Guarded<Float>
    var gates: Int { kernel.cell == .lstm ? 4 : 3 }
    var width: Int { gates * kernel.hidden }

    init(_ cell: Cell, _ set: InstructionSet, rows: Int, inputs: Int, hidden: Int) {
      kernel = CellTrainingKernel(cell, inputs: inputs, hidden: hidden, instructionSet: set)
      self.rows = rows
      let width = (cell == .lstm ? 4 : 3) * hidden
      var random = Random(UInt64(rows + hidden))
      operands = Guarded(random.floats(rows * (inputs + hidden)))
      (w, r) = (Guarded(random.floats(width * inputs)), Guarded(random.floats(width * hidden)))
      b = Guarded(random.floats(2 * width))
      packed = Guarded([Float](repeating: .nan, count: kernel.packedCount))
      before = Guarded(random.floats(rows * hidden))
      saved = Guarded([Float](repeating: .nan, count: rows * kernel.savedWidth))
      h = Guarded([Float](repeating: .nan, count: rows * hidden))
      y = Guarded([Float](repeating: .nan, count: rows * hidden))
    }

    func run() {
      kernel.pack(w: w.pointer, r: r.pointer, b: b.pointer, into: packed.pointer)
      kernel.run(
        rows: rows, a: .init(operands.pointer, stride: kernel.inputs + kernel.hidden), packed: packed.pointer,
        cellBefore: .init(before.pointer, stride: kernel.hidden),
        saved: .init(saved.pointer, stride: kernel.savedWidth), h: .init(h.pointer, stride: kernel.hidden),
        y: .init(y.pointer, stride: kernel.hidden))
    }

    /// The input's and the state's share of gate `k` of unit `j`, each with its bias.
    func shares(_ row: Int, _ k: Int, _ j: Int) -> (Double, Double) {
      let (inputs, hidden) = (kernel.inputs, kernel.hidden)
      let x = operands.pointer + row * (inputs + hidden)
      let at = k * hidden + j
      let own = (0..<inputs).reduce(Double(b.pointer[at])) {
        $0 + Double(x[$1]) * Double(w.pointer[at * inputs + $1])
      }
      let state = (0..<hidden).reduce(Double(b.pointer[width + at])) {
        $0 + Double(x[inputs + $1]) * Double(r.pointer[at * hidden + $1])
      }
      return (own, state)
    }
  }

  @Test(arguments: InstructionSet.available, sizes)
  func `an LSTM step keeps its gates`(set: InstructionSet, size: (Int, Int, Int)) {
    let problem = Problem(.lstm, set, rows: size.0, inputs: size.1, hidden: size.2)
    problem.run()
    let hidden = size.2
    var saved: [Double] = [], states: [Double] = []
    for row in 0..<size.0 {
      var parts = [[Double]](repeating: [], count: 5)
      for j in 0..<hidden {
        let sums = (0..<4).map { problem.shares(row, $0, j) }.map { $0 + $1 }
        let (i, o, f) = (
          Activation.sigmoid(sums[0]), Activation.sigmoid(sums[1]), Activation.sigmoid(sums[2])
        )
        let g = hyperbolicTangent(sums[3])
        let cell = f * Double(problem.before.pointer[row * hidden + j]) + i * g
        for (k, value) in [i, o, f, g, cell].enumerated() { parts[k].append(value) }
        states.append(o * hyperbolicTangent(cell))
      }
      saved += parts.joined()
    }
    #expect(distance(problem.saved.array, saved) < 2e-6)
    #expect(distance(problem.h.array, states) < 2e-6)
    #expect(problem.h.array == problem.y.array)
  }

  @Test(arguments: InstructionSet.available, sizes)
  func `a GRU step keeps its gates`(set: InstructionSet, size: (Int, Int, Int)) {
    let problem = Problem(.gru, set, rows: size.0, inputs: size.1, hidden: size.2)
    problem.run()
    let (inputs, hidden) = (size.1, size.2)
    var saved: [Double] = [], states: [Double] = []
    for row in 0..<size.0 {
      var parts = [[Double]](repeating: [], count: 4)
      for j in 0..<hidden {
        let shares = (0..<3).map { problem.shares(row, $0, j) }
        let z = Activation.sigmoid(shares[0].0 + shares[0].1), r = Activation.sigmoid(shares[1].0 + shares[1].1)
        let n = hyperbolicTangent(shares[2].0 + r * shares[2].1)
        let before = Double(problem.operands.pointer[row * (inputs + hidden) + inputs + j])
        for (k, value) in [z, r, n, shares[2].1].enumerated() { parts[k].append(value) }
        states.append((1 - z) * n + z * before)
      }
      saved += parts.joined()
    }
    #expect(distance(problem.saved.array, saved) < 3e-6)
    #expect(distance(problem.h.array, states) < 2e-6)
    #expect(problem.h.array == problem.y.array)
  }

  @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 70])
  func `an LSTM step goes back by the chain rule`(set: InstructionSet, hidden: Int) {
    let rows = 3
    let kernel = CellTrainingKernel(.lstm, inputs: 1, hidden: hidden, instructionSet: set)
    var random = Random(UInt64(hidden))
    let saved = Guarded(random.floats(rows * 5 * hidden, 0.05...0.95)), before = Guarded(random.floats(rows * hidden))
    let dh = Guarded(random.floats(rows * hidden)), dy = Guarded(random.floats(rows * hidden))
    let start = random.floats(rows * hidden)
    for hasOutput in [true, false] {
      let dc = Guarded(start), gates = Guarded([Float](repeating: .nan, count: rows * 4 * hidden))
      kernel.back(
        rows: rows, saved: .init(saved.pointer, stride: 5 * hidden), before: .init(before.pointer, stride: hidden),
        dh: .init(dh.pointer, stride: hidden), dy: hasOutput ? .init(dy.pointer, stride: hidden) : nil,
        carried: .init(dc.pointer, stride: hidden), gates: .init(gates.pointer, stride: 4 * hidden), stateGates: nil)
      var cells: [Double] = [], expected = [Double](repeating: 0, count: rows * 4 * hidden)
      for index in 0..<rows * hidden {
        let (row, j) = index.quotientAndRemainder(dividingBy: hidden)
        let v = (0..<5).map { Double(saved.pointer[row * 5 * hidden + $0 * hidden + j]) }
        let (i, o, f, g, t) = (v[0], v[1], v[2], v[3], hyperbolicTangent(v[4]))
        let d = Double(dh.pointer[index]) + (hasOutput ? Double(dy.pointer[index]) : 0)
        let cell = Double(start[index]) + d * o * (1 - t * t)
        cells.append(cell * f)
        let own = [
          cell * g * i * (1 - i), d * t * o * (1 - o), cell * Double(before.pointer[index]) * f * (1 - f),
          cell * i * (1 - g * g),
        ]
        for k in 0..<4 { expected[row * 4 * hidden + k * hidden + j] = own[k] }
      }
      #expect(distance(dc.array, cells) < 1e-6)
      #expect(distance(gates.array, expected) < 1e-6)
    }
  }

  @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 70])
  func `a GRU step goes back by the chain rule`(set: InstructionSet, hidden: Int) {
    let rows = 3
    let kernel = CellTrainingKernel(.gru, inputs: 1, hidden: hidden, instructionSet: set)
    var random = Random(UInt64(hidden))
    let saved = Guarded(random.floats(rows * 4 * hidden, 0.05...0.95)), before = Guarded(random.floats(rows * hidden))
    let start = random.floats(rows * hidden)
    let dh = Guarded(start), dy = Guarded(random.floats(rows * hidden))
    let gates = Guarded([Float](repeating: .nan, count: rows * 3 * hidden))
    let states = Guarded([Float](repeating: .nan, count: rows * 3 * hidden))
    // In place: the state's cotangent gives way to what bypasses the gates.
    kernel.back(
      rows: rows, saved: .init(saved.pointer, stride: 4 * hidden), before: .init(before.pointer, stride: hidden),
      dh: .init(dh.pointer, stride: hidden), dy: .init(dy.pointer, stride: hidden),
      carried: .init(dh.pointer, stride: hidden), gates: .init(gates.pointer, stride: 3 * hidden),
      stateGates: states.pointer)
    var direct: [Double] = [], expected = [Double](repeating: 0, count: rows * 3 * hidden)
    var expectedStates = expected
    for index in 0..<rows * hidden {
      let (row, j) = index.quotientAndRemainder(dividingBy: hidden)
      let v = (0..<4).map { Double(saved.pointer[row * 4 * hidden + $0 * hidden + j]) }
      let (z, r, n, product) = (v[0], v[1], v[2], v[3])
      let d = Double(start[index]) + Double(dy.pointer[index])
      direct.append(d * z)
      let dn = d * (1 - z) * (1 - n * n)
      let own = [
        d * (Double(before.pointer[index]) - n) * z * (1 - z), dn * product * r * (1 - r), dn,
      ]
      for k in 0..<3 {
        expected[row * 3 * hidden + k * hidden + j] = own[k]
        expectedStates[row * 3 * hidden + k * hidden + j] = k == 2 ? dn * r : own[k]
      }
    }
    #expect(distance(dh.array, direct) < 1e-6)
    #expect(distance(gates.array, expected) < 1e-6)
    #expect(distance(states.array, expectedStates) < 1e-6)
  }

  /// Sums far beyond where the functions are flat, and NaN, which comes through.
  @Test(arguments: InstructionSet.available)
  func `gates saturate`(set: InstructionSet) {
    let problem = Problem(.lstm, set, rows: 1, inputs: 1, hidden: 1)
    for bias: Float in [1e4, -1e4, .infinity, -.infinity, .nan] {
      for i in 0..<4 { (problem.w.pointer[i], problem.r.pointer[i], problem.b.pointer[i]) = (0, 0, bias) }
      problem.run()
      let saved = problem.saved.array
      guard !bias.isNaN else {
        let isPassedOn = saved.allSatisfy { $0.isNaN }
        #expect(isPassedOn)
        continue
      }
      #expect(distance(Array(saved.prefix(4)), bias > 0 ? [1, 1, 1, 1] : [0, 0, 0, -1]) < 1e-6)
    }
  }
}
