public import HoneIR

/// h' = f(x·Wᵀ + h·Rᵀ + b)
public struct RNN: ExecutableOp, RecurrentOp {
  public var activation_alpha: [Float] = []
  public var activation_beta: [Float] = []
  public var activations = ["Tanh", "Tanh"]
  public var clip: Float?
  public var direction = RecurrentDirection.forward
  public var hidden_size: Int?
  public var layout = 0
  public init() {}

  static var gateCount: Int { 1 }
  static var defaultActivations: [String] { ["Tanh"] }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...6)
    return try states(call, extra: 0)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    if try packsWeights(call) {
      return try RecurrentTrainingPlan(.rnn, self, call).forward(
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
    let cell = RNNCell<T>(
      hidden: sizes.hidden, recurrent: try matrices(2, gates: 0..<1, depth: sizes.hidden, sizes, call, weights),
      activations: try parsedActivations(), limit: clip.map { T.Real($0) })
    return try kernel(cell, sizes, initial: [call.has(5) ? 5 : nil, nil], call, weights)
  }
}

extension RNN: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    try pullback(.rnn, node, cotangents, in: &g)
  }
}

private struct RNNCell<Element: RealElement>: RecurrentCell {
  typealias Real = Element.Real
  let hidden: Int
  let recurrent: [RecurrentMatrix<Element>]
  let activations: [[RecurrentActivation]]
  let limit: Real?

  var recurrentMatrices: [RecurrentMatrix<Element>] { recurrent }
  func addsRecurrentBias(gate: Int) -> Bool { false }

  func advance(_ step: RecurrentStep<Real>, _ frame: borrowing Frame) {
    recurrent[step.direction].multiply(
      step.h, stride: hidden, rows: step.rows, into: step.gates, stride: hidden, .result, step.scratch, frame)
    let count = step.rows * hidden
    clip(step.gates, count, to: limit)
    activations[step.direction][0].apply(step.gates, count)
    step.h.update(from: step.gates, count: count)
  }
}
