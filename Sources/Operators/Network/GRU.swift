public import HoneIR
import HoneKernels

/// Gated recurrent unit (Cho et al., arXiv 1406.1078).
public struct GRU: ExecutableOp, RecurrentOp {
  public var activation_alpha: [Float] = []
  public var activation_beta: [Float] = []
  public var activations: [String] = []
  public var clip: Float?
  public var direction = RecurrentDirection.forward
  public var hidden_size: Int?
  public var layout = 0
  /// The reset gate multiplies R·h instead of h.
  public var linear_before_reset = false
  public init() {}

  static var gateCount: Int { 3 }
  static var defaultActivations: [String] { ["Sigmoid", "Tanh"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...6)
    return try states(call, extra: 0)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if try packsWeights(call) {
      return try RecurrentTrainingPlan(.gru, self, call, isLinearBeforeReset: linear_before_reset).forward(
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
    let gates = linear_before_reset ? [0..<3] : [0..<2, 2..<3]
    var recurrent: [[RecurrentMatrix<T>]] = []
    for range in gates { recurrent.append(try matrices(2, gates: range, depth: sizes.hidden, sizes, call, weights)) }
    let activations = try parsedActivations()
    let kernels = activations.map { functions in
      RecurrentActivation.kernels(functions, for: T.self).map {
        GRUCell(hidden: sizes.hidden, clip: clip ?? .infinity, activations: $0)
      }
    }
    let cell = GRUGates<T>(
      hidden: sizes.hidden, recurrent: recurrent, activations: activations, limit: clip.map { T.Real($0) },
      isLinearBeforeReset: linear_before_reset, hasBias: call.has(3), kernels: kernels)
    return try kernel(cell, sizes, initial: [call.has(5) ? 5 : nil, nil], call, weights)
  }
}

extension GRU: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try pullback(.gru, node, cotangents, in: &g)
  }
}

/// Gates lie in the order update, reset, hidden.
private struct GRUGates<Element: RealElement>: RecurrentCell {
  typealias Real = Element.Real
  let hidden: Int
  /// All gates, or the first two and the last, of each direction.
  let recurrent: [[RecurrentMatrix<Element>]]
  /// f, g of each direction.
  let activations: [[RecurrentActivation]]
  let limit: Real?
  let isLinearBeforeReset: Bool
  let hasBias: Bool
  /// The step of each direction as fp32 kernels, where there are some.
  let kernels: [GRUCell?]

  var recurrentMatrices: [RecurrentMatrix<Element>] { Array(recurrent.joined()) }
  func addsRecurrentBias(gate: Int) -> Bool { gate == 2 && isLinearBeforeReset }

  func advance(_ step: RecurrentStep<Real>, _ frame: borrowing Frame) {
    if let kernel = kernels[step.direction] {
      if isLinearBeforeReset { advanceLinear(step, kernel, frame) } else { advancePlain(step, kernel, frame) }
      return
    }
    if isLinearBeforeReset { advanceLinear(step, frame) } else { advancePlain(step, frame) }
    for row in 0..<step.rows {
      let gates = step.gates + row * 3 * hidden
      let h = step.h + row * hidden
      for i in 0..<hidden { h[i] = gates[2 * hidden + i] + gates[i] * (h[i] - gates[2 * hidden + i]) }
    }
  }

  private func advancePlain(_ step: RecurrentStep<Real>, _ frame: borrowing Frame) {
    let width = 3 * hidden
    recurrent[0][step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.gates, stride: width, .result, step.scratch, frame)
    for row in 0..<step.rows {
      let gates = step.gates + row * width
      let (h, reset) = (step.h + row * hidden, step.spare + row * hidden)
      activate(gates, 2 * hidden, activations[step.direction][0])
      for i in 0..<hidden { reset[i] = gates[hidden + i] * h[i] }
    }
    recurrent[1][step.direction].multiply(
      step.spare, stride: hidden, rows: step.rows, into: step.gates + 2 * hidden, stride: width, .result, step.scratch,
      frame)
    for row in 0..<step.rows { activate(step.gates + row * width + 2 * hidden, hidden, activations[step.direction][1]) }
  }

  private func advanceLinear(_ step: RecurrentStep<Real>, _ frame: borrowing Frame) {
    let width = 3 * hidden
    recurrent[0][step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.spare, stride: width, .zero, step.scratch, frame)
    for row in 0..<step.rows {
      let (gates, products) = (step.gates + row * width, step.spare + row * width)
      for i in 0..<2 * hidden { gates[i] += products[i] }
      activate(gates, 2 * hidden, activations[step.direction][0])
      if hasBias {
        let bias = frame.operand(3, as: Element.self) + (step.direction * 2 + 1) * width
        for i in 2 * hidden..<width { products[i] += bias[i].real }
      }
      for i in 0..<hidden { gates[2 * hidden + i] += gates[hidden + i] * products[2 * hidden + i] }
      activate(gates + 2 * hidden, hidden, activations[step.direction][1])
    }
  }

  private func advanceLinear(_ step: RecurrentStep<Real>, _ kernel: GRUCell, _ frame: borrowing Frame) {
    let width = 3 * hidden
    recurrent[0][step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.spare, stride: width, .zero, step.scratch, frame)
    let products = step.spare.floats
    if hasBias {
      let bias = frame.operand(3, as: Float.self) + (step.direction * 2 + 1) * width
      for row in 0..<step.rows {
        for i in 2 * hidden..<width { products[row * width + i] += bias[i] }
      }
    }
    let h = step.h.floats
    kernel.run(
      rows: step.rows, x: Rows(UnsafePointer(step.gates.floats), stride: width),
      h: Rows(UnsafePointer(products), stride: width), before: Rows(UnsafePointer(h), stride: hidden),
      y: Rows(h, stride: hidden))
  }

  private func advancePlain(_ step: RecurrentStep<Real>, _ kernel: GRUCell, _ frame: borrowing Frame) {
    let count = step.rows * hidden
    let (z, reset) = (step.spare + 2 * count, step.spare + 3 * count)
    recurrent[0][step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.spare, stride: 2 * hidden, .zero, step.scratch, frame)
    let x = Rows(UnsafePointer(step.gates.floats), stride: 3 * hidden)
    let h = step.h.floats
    let before = Rows(UnsafePointer(h), stride: hidden)
    let products = UnsafePointer(step.spare.floats)
    kernel.reset(
      rows: step.rows, x: x, h: Rows(products, stride: 2 * hidden), before: before, z: z.floats, reset: reset.floats)
    recurrent[1][step.direction].multiply(
      reset, stride: hidden, rows: step.rows, into: step.spare, stride: hidden, .zero, step.scratch, frame)
    kernel.update(
      rows: step.rows, x: x, h: Rows(products, stride: hidden), before: before, z: z.floats, y: Rows(h, stride: hidden))
  }

  private func activate(_ gate: UnsafeMutablePointer<Real>, _ count: Int, _ function: RecurrentActivation) {
    HoneOperators.clip(gate, count, to: limit)
    function.apply(gate, count)
  }
}
