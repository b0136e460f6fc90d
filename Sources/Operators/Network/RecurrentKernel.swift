import HoneIR

/// One step of a recurrent operator for some rows of a batch.
struct RecurrentStep<Real: RealElement> {
  var rows: Int
  /// `[rows, gates·hidden]`: the projected inputs with biases.
  var gates: UnsafeMutablePointer<Real>
  /// `[rows, hidden]`, replaced by the next state.
  var h: UnsafeMutablePointer<Real>
  /// `[rows, hidden]`, a second state if there is one.
  var c: UnsafeMutablePointer<Real>
  /// `[rows, 2·gates·hidden]` to use freely.
  var spare: UnsafeMutablePointer<Real>
  /// What the cell's products need to work in.
  var scratch: UnsafeMutableRawPointer
  var direction: Int
}

/// The part of a recurrent operator that differs between LSTM, GRU and RNN.
protocol RecurrentCell: Sendable {
  associatedtype Element: RealElement
  /// All weights of the state's products.
  var recurrentMatrices: [RecurrentMatrix<Element>] { get }
  /// Recurrent biases of this gate are added by the cell, not with the projection.
  func addsRecurrentBias(gate: Int) -> Bool
  func advance(_ step: RecurrentStep<Element.Real>, _ frame: borrowing Frame)
}

/// Runs a cell over all steps. One task is one direction.
struct RecurrentKernel<Cell: RecurrentCell>: Sendable {
  typealias Element = Cell.Element
  typealias Real = Cell.Element.Real

  let cell: Cell
  let sizes: RecurrentSizes
  /// W of each direction.
  let weights: [RecurrentMatrix<Element>]
  let isReverse: [Bool]
  let hasBias: Bool
  let hasLengths: Bool
  /// Operands that hold the initial states h and c.
  let initial: [Int?]
  let resultCount: Int

  /// Steps whose inputs are projected at once.
  private var chunk: Int { max(1, min(sizes.steps, 256 / max(sizes.batch, 1))) }

  private var scratchCounts: (projection: Int, spare: Int, state: Int, bias: Int) {
    (chunk * sizes.batch * sizes.width, 2 * sizes.batch * sizes.width, sizes.batch * sizes.hidden, sizes.width)
  }

  /// Bytes before what products work in.
  private var stateByteCount: Int {
    let counts = scratchCounts
    let elements = counts.projection + counts.spare + 2 * counts.state + counts.bias
    return (elements * MemoryLayout<Real>.stride + 63) / 64 * 64
  }

  func kernel() -> Kernel {
    let products =
      weights.map { $0.scratchByteCount(rows: chunk * sizes.batch) }
      + cell.recurrentMatrices.map { $0.scratchByteCount(rows: sizes.batch) }
    let bytes = stateByteCount + (products.max() ?? 0)
    let kernel = Kernel(tasks: sizes.directions, scratch: bytes) { frame, range in
      for direction in range { run(frame, direction: direction) }
    }
    let isPacked = (weights + cell.recurrentMatrices).allSatisfy { $0.packed != nil }
    return isPacked ? kernel.absorbing(1).absorbing(2) : kernel
  }

  private func run(_ frame: borrowing Frame, direction: Int) {
    guard hasLengths else {
      run(frame, direction: direction, rows: 0..<sizes.batch, length: sizes.steps)
      return
    }
    let lengths = frame.operand(4, as: Int32.self)
    for row in 0..<sizes.batch {
      guard lengths[row] >= 0, lengths[row] <= sizes.steps else {
        frame.fail(.indexOutOfRange)
        return
      }
      run(frame, direction: direction, rows: row..<row + 1, length: Int(lengths[row]))
    }
  }

  private func run(_ frame: borrowing Frame, direction: Int, rows: Range<Int>, length: Int) {
    let counts = scratchCounts
    let projection = frame.scratch.assumingMemoryBound(to: Real.self)
    let spare = projection + counts.projection
    let h = spare + counts.spare
    let c = h + counts.state
    let bias = c + counts.state
    setBias(bias, frame, direction)
    for (state, operand) in zip([h, c], initial) { load(state, operand, frame, direction, rows) }
    var step = RecurrentStep(
      rows: rows.count, gates: projection, h: h, c: c, spare: spare, scratch: frame.scratch + stateByteCount,
      direction: direction)
    var done = 0
    while done < length {
      let count = min(chunk, length - done)
      let first = isReverse[direction] ? length - done - count : done
      project(frame, direction, rows, first..<first + count, bias, into: projection)
      for i in 0..<count {
        let local = isReverse[direction] ? count - 1 - i : i
        step.gates = projection + local * rows.count * sizes.width
        cell.advance(step, frame)
        store(h, frame, step: first + local, direction, rows)
      }
      done += count
    }
    for step in length..<sizes.steps { store(nil, frame, step: step, direction, rows) }
    for (i, state) in [h, c].enumerated() where i + 1 < resultCount && frame.hasResult(i + 1) {
      for row in rows {
        let target = frame.result(i + 1, as: Element.self) + sizes.state(direction: direction, row: row)
        convert(state + (row - rows.lowerBound) * sizes.hidden, to: target)
      }
    }
  }

  /// The sum of both biases, as far as the cell does not add the recurrent one itself.
  private func setBias(_ bias: UnsafeMutablePointer<Real>, _ frame: borrowing Frame, _ direction: Int) {
    guard hasBias else {
      bias.update(repeating: 0, count: sizes.width)
      return
    }
    let source = frame.operand(3, as: Element.self) + direction * 2 * sizes.width
    for gate in 0..<sizes.gates {
      let apart = cell.addsRecurrentBias(gate: gate)
      for i in gate * sizes.hidden..<(gate + 1) * sizes.hidden {
        bias[i] = source[i].real + (apart ? 0 : source[sizes.width + i].real)
      }
    }
  }

  private func load(
    _ state: UnsafeMutablePointer<Real>, _ operand: Int?, _ frame: borrowing Frame, _ direction: Int, _ rows: Range<Int>
  ) {
    guard let operand else {
      state.update(repeating: 0, count: rows.count * sizes.hidden)
      return
    }
    for row in rows {
      let source = frame.operand(operand, as: Element.self) + sizes.state(direction: direction, row: row)
      let target = state + (row - rows.lowerBound) * sizes.hidden
      for i in 0..<sizes.hidden { target[i] = source[i].real }
    }
  }

  /// Multiplies the inputs of `steps` by W: `[steps, rows, gates·hidden]`.
  private func project(
    _ frame: borrowing Frame, _ direction: Int, _ rows: Range<Int>, _ steps: Range<Int>, _ bias: UnsafePointer<Real>,
    into projection: UnsafeMutablePointer<Real>
  ) {
    let x = frame.operand(0, as: Element.self)
    let matrix = weights[direction]
    let start = x + sizes.input(step: steps.lowerBound, row: rows.lowerBound)
    if !sizes.isBatchMajor && rows.count == sizes.batch {
      matrix.multiply(
        start, stride: sizes.inputs, rows: steps.count * rows.count, into: projection, stride: sizes.width, .bias(bias),
        frame.scratch + stateByteCount, frame)
      return
    }
    for row in rows {
      let local = row - rows.lowerBound
      matrix.multiply(
        x + sizes.input(step: steps.lowerBound, row: row), stride: sizes.input(step: 1, row: 0), rows: steps.count,
        into: projection + local * sizes.width, stride: rows.count * sizes.width, .bias(bias),
        frame.scratch + stateByteCount, frame)
    }
  }

  private func store(
    _ state: UnsafePointer<Real>?, _ frame: borrowing Frame, step: Int, _ direction: Int, _ rows: Range<Int>
  ) {
    guard frame.hasResult(0) else { return }
    for row in rows {
      let target = frame.result(0, as: Element.self) + sizes.output(step: step, direction: direction, row: row)
      if let state {
        convert(state + (row - rows.lowerBound) * sizes.hidden, to: target)
      } else {
        for i in 0..<sizes.hidden { target[i] = Element(real: 0) }
      }
    }
  }

  private func convert(_ state: UnsafePointer<Real>, to target: UnsafeMutablePointer<Element>) {
    for i in 0..<sizes.hidden { target[i] = Element(real: state[i]) }
  }
}
