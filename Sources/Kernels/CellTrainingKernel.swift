internal import CKernels

/// Steps of an LSTM or GRU with standard activations in training, fp32: products, gates and what the way back needs in one
/// pass. The GRU is the one whose reset gate multiplies R·h.
public struct CellTrainingKernel: Sendable, Hashable {
  public enum Cell: Sendable { case lstm, gru }
  public let cell: Cell
  public let inputs: Int
  public let hidden: Int
  public let instructionSet: InstructionSet

  public init(_ cell: Cell, inputs: Int, hidden: Int, instructionSet: InstructionSet = .current) {
    (self.cell, self.inputs, self.hidden, self.instructionSet) = (cell, inputs, hidden, instructionSet)
  }

  private var gates: Int { cell == .lstm ? 4 : 3 }
  /// Elements that are kept of each row of a step: LSTM i, o, f, c and the cell; GRU z, r, h and the state's share of h.
  public var savedWidth: Int { (cell == .lstm ? 5 : 4) * hidden }
  private var panelStride: Int { (4 + gates * (inputs + hidden)) * instructionSet.lanes }
  /// Elements that the packed weights take.
  public var packedCount: Int { dividedUp(hidden, by: instructionSet.lanes) * panelStride }

  /// Packs W [gates · hidden × inputs], R [gates · hidden × hidden] and B [2 · gates · hidden] of one direction.
  public func pack(
    w: UnsafePointer<Float>, r: UnsafePointer<Float>, b: UnsafePointer<Float>?,
    into packed: UnsafeMutablePointer<Float>
  ) {
    let lanes = instructionSet.lanes
    let transpose = instructionSet.table.pointee.transpose_4
    packed.update(repeating: 0, count: packedCount)
    for (index, unit) in stride(from: 0, to: hidden, by: lanes).enumerated() {
      let panel = packed + index * panelStride
      let count = min(lanes, hidden - unit)
      if let b { packBiases(b + unit, count, into: panel) }
      for gate in 0..<gates {
        let row = gate * hidden + unit
        let target = panel + (4 + gate) * lanes
        transpose(w + row * inputs, inputs * 4, target, gates * lanes * 4, count, inputs)
        transpose(r + row * hidden, hidden * 4, target + inputs * gates * lanes, gates * lanes * 4, count, hidden)
      }
    }
  }

  private func packBiases(_ b: UnsafePointer<Float>, _ count: Int, into panel: UnsafeMutablePointer<Float>) {
    let lanes = instructionSet.lanes
    let recurrent = b + gates * hidden
    for gate in 0..<gates {
      let keepsApart = cell == .gru && gate == 2
      for i in 0..<count {
        let (own, other) = (b[gate * hidden + i], recurrent[gate * hidden + i])
        panel[gate * lanes + i] = keepsApart ? own : own + other
        if keepsApart { panel[3 * lanes + i] = other }
      }
    }
  }

  /// Steps `rows` sequences. Rows of `a` are inputs and, behind them, the state before; `cellBefore` is an LSTM's;
  /// `h` and `y` both take the next state.
  public func run(
    rows: Int, a: Rows<UnsafePointer<Float>>, packed: UnsafePointer<Float>, cellBefore: Rows<UnsafePointer<Float>>,
    saved: Rows<UnsafeMutablePointer<Float>>, h: Rows<UnsafeMutablePointer<Float>>,
    y: Rows<UnsafeMutablePointer<Float>>
  ) {
    var arguments = CellTraining(
      a: a.base, a_stride: a.stride, inputs: inputs, hidden: hidden, rows: rows, panels: packed,
      panel_stride: panelStride, cell_before: cellBefore.base, cell_before_stride: cellBefore.stride,
      saved: saved.base, saved_stride: saved.stride, h: h.base, h_stride: h.stride, y: y.base, y_stride: y.stride)
    switch cell {
    case .lstm: instructionSet.table.pointee.lstm_training_f32(&arguments)
    case .gru: instructionSet.table.pointee.gru_training_f32(&arguments)
    }
  }

  /// One step back for `rows` sequences: `dh` + `dy`, the cotangent of the step's state, to those of the gates before
  /// activation in ONNX order.
  ///
  /// LSTM: `before` is the cell before, and `carried` its cotangent, in and out. GRU: `before` is the state before, `carried`
  /// takes the part of its cotangent that bypasses the gates, and `stateGates`, in rows like `gates`, takes the cotangent of
  /// R·h.
  public func back(
    rows: Int, saved: Rows<UnsafePointer<Float>>, before: Rows<UnsafePointer<Float>>, dh: Rows<UnsafePointer<Float>>,
    dy: Rows<UnsafePointer<Float>>?, carried: Rows<UnsafeMutablePointer<Float>>,
    gates: Rows<UnsafeMutablePointer<Float>>, stateGates: UnsafeMutablePointer<Float>?
  ) {
    var arguments = CellGradient(
      saved: saved.base, saved_stride: saved.stride, before: before.base, before_stride: before.stride, dh: dh.base,
      dh_stride: dh.stride, dy: dy?.base, dy_stride: dy?.stride ?? 0, dc: carried.base, dc_stride: carried.stride,
      gates: gates.base, gates_stride: gates.stride, state_gates: stateGates, rows: rows, hidden: hidden)
    switch cell {
    case .lstm: instructionSet.table.pointee.lstm_gradient_f32(&arguments)
    case .gru: instructionSet.table.pointee.gru_gradient_f32(&arguments)
    }
  }
}
