public import HoneIR
import HoneKernels

/// Long short-term memory (Hochreiter and Schmidhuber 1997), with peepholes (Gers and Schmidhuber 2000).
public struct LSTM: ExecutableOp, RecurrentOp {
  public var activation_alpha: [Float] = []
  public var activation_beta: [Float] = []
  public var activations: [String] = []
  public var clip: Float?
  public var direction = RecurrentDirection.forward
  public var hidden_size: Int?
  /// The forget gate is 1 − the input gate.
  public var input_forget = false
  public var layout = 0
  public init() {}

  static var gateCount: Int { 4 }
  static var defaultActivations: [String] { ["Sigmoid", "Tanh", "Tanh"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...8)
    return try states(call, extra: 1)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if try packsWeights(call) {
      return try RecurrentTrainingPlan(.lstm, self, call, couplesInputAndForget: input_forget).forward(
        Float.self, savesTo: nil, resultCount: call.resultCount)
    }
    switch try call.element(0) {
    case .float32: return try kernel(call, Float.self, .given)
    case .float64: return try kernel(call, Double.self, .given)
    case .float16: return try kernel(call, Float16.self, .given)
    case .bfloat16: return try kernel(call, BFloat16.self, .given)
    case let other: throw .unsupported(other)
    }
  }

  func kernel(_ call: Call, _ weights: RecurrentWeightForm) throws(GraphError) -> Kernel {
    try kernel(call, Float.self, weights)
  }

  private func kernel<T: RealElement>(
    _ call: Call, _: T.Type, _ weights: RecurrentWeightForm
  ) throws(GraphError) -> Kernel {
    let sizes = try sizes(call, weights)
    if call.has(7), try call.sizes(7) != [sizes.directions, 3 * sizes.hidden] {
      throw GraphError(.type, "P must be [\(sizes.directions), \(3 * sizes.hidden)]: \(try call.tensor(7))")
    }
    let activations = try parsedActivations()
    let kernels = activations.map { functions in
      RecurrentActivation.kernels(functions, for: T.self).map {
        LSTMCell(hidden: sizes.hidden, clip: clip ?? .infinity, inputForget: input_forget, activations: $0)
      }
    }
    let cell = LSTMGates<T>(
      hidden: sizes.hidden, recurrent: try matrices(2, gates: 0..<4, depth: sizes.hidden, sizes, call, weights),
      activations: activations, limit: clip.map { T.Real($0) }, couplesInputAndForget: input_forget,
      hasPeepholes: call.has(7), kernels: kernels)
    return try kernel(cell, sizes, initial: [call.has(5) ? 5 : nil, call.has(6) ? 6 : nil], call, weights)
  }
}

extension LSTM: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try pullback(.lstm, node, cotangents, in: &g)
  }
}

/// Gates lie in the order input, output, forget, cell.
private struct LSTMGates<Element: RealElement>: RecurrentCell {
  typealias Real = Element.Real
  let hidden: Int
  let recurrent: [RecurrentMatrix<Element>]
  /// f, g, h of each direction.
  let activations: [[RecurrentActivation]]
  let limit: Real?
  let couplesInputAndForget: Bool
  let hasPeepholes: Bool
  /// The step of each direction as one fp32 kernel, where there is one.
  let kernels: [LSTMCell?]

  var recurrentMatrices: [RecurrentMatrix<Element>] { recurrent }
  func addsRecurrentBias(gate: Int) -> Bool { false }

  func advance(_ step: RecurrentStep<Real>, _ frame: borrowing Frame) {
    recurrent[step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.gates, stride: 4 * hidden, .result, step.scratch, frame)
    if let kernel = kernels[step.direction] {
      let cell = step.c.floats
      kernel.run(
        rows: step.rows, gates: Rows(UnsafePointer(step.gates.floats), stride: 4 * hidden),
        peepholes: hasPeepholes ? frame.operand(7, as: Float.self) + step.direction * 3 * hidden : nil,
        cellBefore: Rows(UnsafePointer(cell), stride: hidden), cell: Rows(cell, stride: hidden),
        h: Rows(step.h.floats, stride: hidden))
      return
    }
    for row in 0..<step.rows { advance(step, row, frame) }
  }

  private func advance(_ step: RecurrentStep<Real>, _ row: Int, _ frame: borrowing Frame) {
    let functions = activations[step.direction]
    let input = step.gates + row * 4 * hidden
    let (output, forget, candidate) = (input + hidden, input + 2 * hidden, input + 3 * hidden)
    let (h, c) = (step.h + row * hidden, step.c + row * hidden)
    if hasPeepholes {
      addPeephole(0, c, to: input, step.direction, frame)
      addPeephole(2, c, to: forget, step.direction, frame)
    }
    activate(input, functions[0])
    activate(candidate, functions[1])
    if couplesInputAndForget {
      for i in 0..<hidden { forget[i] = 1 - input[i] }
    } else {
      activate(forget, functions[0])
    }
    for i in 0..<hidden { c[i] = forget[i] * c[i] + input[i] * candidate[i] }
    if hasPeepholes { addPeephole(1, c, to: output, step.direction, frame) }
    activate(output, functions[0])
    h.update(from: c, count: hidden)
    functions[2].apply(h, hidden)
    for i in 0..<hidden { h[i] *= output[i] }
  }

  private func activate(_ gate: UnsafeMutablePointer<Real>, _ function: RecurrentActivation) {
    HoneOperators.clip(gate, hidden, to: limit)
    function.apply(gate, hidden)
  }

  private func addPeephole(
    _ index: Int, _ c: UnsafePointer<Real>, to gate: UnsafeMutablePointer<Real>, _ direction: Int,
    _ frame: borrowing Frame
  ) {
    let p = frame.operand(7, as: Element.self) + (direction * 3 + index) * hidden
    for i in 0..<hidden { gate[i] += p[i].real * c[i] }
  }
}
