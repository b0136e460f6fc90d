internal import CKernels

/// Rows of a matrix: where they begin and how many elements they are apart.
public struct Rows<Pointer> {
  public var base: Pointer
  public var stride: Int

  public init(_ base: Pointer, stride: Int) { (self.base, self.stride) = (base, stride) }
}

/// One time step of an LSTM after its products: gates in ONNX order i, o, f, c to cell and hidden state.
public struct LSTMCell: Sendable, Hashable {
  public let hidden: Int
  /// Bound of the absolute values before activation.
  public var clip: Float
  /// Couples the forget gate: f = 1 − i.
  public var inputForget: Bool
  /// Of the gates i, o, f; of the candidate; of the cell.
  public var activations: [Activation]
  public var instructionSet: InstructionSet

  public init(
    hidden: Int, clip: Float = .infinity, inputForget: Bool = false,
    activations: [Activation] = [.sigmoid, .tanh, .tanh], instructionSet: InstructionSet = .current
  ) {
    precondition(activations.count == 3, "an LSTM has three activations")
    (self.hidden, self.clip, self.inputForget, self.activations) = (hidden, clip, inputForget, activations)
    self.instructionSet = instructionSet
  }

  /// Steps `rows` sequences. `gates` (and `more`, added to them) are [rows, 4 · hidden] with biases included;
  /// `peepholes` are [3 · hidden] in order i, o, f. `cell` may be `cellBefore`.
  public func run(
    rows: Int, gates: Rows<UnsafePointer<Float>>, more: Rows<UnsafePointer<Float>>? = nil,
    peepholes: UnsafePointer<Float>? = nil, cellBefore: Rows<UnsafePointer<Float>>,
    cell: Rows<UnsafeMutablePointer<Float>>, h: Rows<UnsafeMutablePointer<Float>>
  ) {
    let codes = (activations[0].code, activations[1].code, activations[2].code)
    var arguments = LstmStep(
      gates: gates.base, gates_stride: gates.stride, gates2: more?.base, gates2_stride: more?.stride ?? 0,
      peepholes: peepholes, cell_before: cellBefore.base, cell: cell.base, h: h.base,
      cell_before_stride: cellBefore.stride, cell_stride: cell.stride, h_stride: h.stride, rows: rows, hidden: hidden,
      clip: clip, input_forget: inputForget ? 1 : 0,
      activations: (codes.0.activation, codes.1.activation, codes.2.activation),
      p0: (codes.0.p0, codes.1.p0, codes.2.p0), p1: (codes.0.p1, codes.1.p1, codes.2.p1))
    instructionSet.table.pointee.lstm_step_f32(&arguments)
  }
}

/// One time step of a GRU after its products, gates in ONNX order z, r, h.
public struct GRUCell: Sendable, Hashable {
  public let hidden: Int
  public var clip: Float
  /// Of the gates z, r; of the candidate.
  public var activations: [Activation]
  public var instructionSet: InstructionSet

  public init(
    hidden: Int, clip: Float = .infinity, activations: [Activation] = [.sigmoid, .tanh],
    instructionSet: InstructionSet = .current
  ) {
    precondition(activations.count == 2, "a GRU has two activations")
    (self.hidden, self.clip, self.activations, self.instructionSet) = (hidden, clip, activations, instructionSet)
  }

  /// Steps `rows` sequences with `linear_before_reset` 1: x and h are [rows, 3 · hidden], the products of input and
  /// state, each with its biases. y may be `before`.
  public func run(
    rows: Int, x: Rows<UnsafePointer<Float>>, h: Rows<UnsafePointer<Float>>, before: Rows<UnsafePointer<Float>>,
    y: Rows<UnsafeMutablePointer<Float>>
  ) {
    var arguments = step(rows, x, h, before, y)
    instructionSet.table.pointee.gru_step_f32(&arguments)
  }

  /// First half of a step with `linear_before_reset` 0: x [rows, 3 · hidden] and h [rows, 2 · hidden] to
  /// z and reset = r · before, both dense [rows, hidden].
  public func reset(
    rows: Int, x: Rows<UnsafePointer<Float>>, h: Rows<UnsafePointer<Float>>, before: Rows<UnsafePointer<Float>>,
    z: UnsafeMutablePointer<Float>, reset: UnsafeMutablePointer<Float>
  ) {
    var arguments = step(rows, x, h, before, Rows(reset, stride: hidden))
    (arguments.z, arguments.reset) = (z, reset)
    instructionSet.table.pointee.gru_reset_f32(&arguments)
  }

  /// Second half: h [rows, hidden] is the product of `reset` with the candidate's weights. y may be `before`.
  public func update(
    rows: Int, x: Rows<UnsafePointer<Float>>, h: Rows<UnsafePointer<Float>>, before: Rows<UnsafePointer<Float>>,
    z: UnsafeMutablePointer<Float>, y: Rows<UnsafeMutablePointer<Float>>
  ) {
    var arguments = step(rows, x, h, before, y)
    arguments.z = z
    instructionSet.table.pointee.gru_update_f32(&arguments)
  }

  private func step(
    _ rows: Int, _ x: Rows<UnsafePointer<Float>>, _ h: Rows<UnsafePointer<Float>>,
    _ before: Rows<UnsafePointer<Float>>, _ y: Rows<UnsafeMutablePointer<Float>>
  ) -> GruStep {
    let codes = (activations[0].code, activations[1].code)
    return GruStep(
      x: x.base, x_stride: x.stride, h: h.base, h_stride: h.stride, before: before.base,
      before_stride: before.stride, z: nil, reset: nil, y: y.base, y_stride: y.stride, rows: rows, hidden: hidden,
      clip: clip, activations: (codes.0.activation, codes.1.activation), p0: (codes.0.p0, codes.1.p0),
      p1: (codes.0.p1, codes.1.p1))
  }
}
