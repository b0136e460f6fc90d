public import HoneIR
import HoneKernels

/// `LSTM`, `GRU` or `RNN` that keeps what its gradient needs.
///
/// Operands are those of the operator. Results are all of its results and, but for `RNN`,
/// `[directions, steps, batch, width]` of gates after activation: LSTM i, o, f, c and the cell; GRU z, r, h and, where the
/// reset gate multiplies R·h, that product with its bias.
public struct RecurrentTraining: ExecutableOp, AnyRecurrentOp {
  public var cell = RecurrentCellKind.lstm
  public var activation_alpha: [Float] = []
  public var activation_beta: [Float] = []
  public var activations: [String] = []
  public var clip: Float?
  public var direction = RecurrentDirection.forward
  public var hidden_size: Int?
  public var input_forget = false
  public var layout = 0
  public var linear_before_reset = false
  public init() {}
  public static var domain: String { NHWC.domain }

  /// Results of the operator and what is kept.
  var resultCount: Int { cell == .rnn ? 2 : stateCount + 2 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    var inner = call
    inner.resultCount = 1 + stateCount
    let op = inference
    let types = try op.infer(inner)
    guard cell != .rnn else { return types }
    let sizes = try op.sizes(call)
    let width = RecurrentTrainingPlan.savedWidth(cell, sizes, isLinearBeforeReset: linear_before_reset)
    return types + [.tensor(try call.element(0), [sizes.directions, sizes.steps, sizes.batch, width])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let plan = try RecurrentTrainingPlan(self, call)
    let saved = cell == .rnn ? nil : stateCount + 1
    switch try call.element(0) {
    case .float32: return plan.forward(Float.self, savesTo: saved, resultCount: resultCount)
    case .float64: return plan.forward(Double.self, savesTo: saved, resultCount: resultCount)
    case let other: throw .unsupported(other)
    }
  }
}

extension RecurrentTraining: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    let element = g.tensorType(of: node.results[0]).element
    guard element == .float32 || element == .float64 else {
      throw GraphError(.unsupported, "has gradients in float32 and float64, not in \(element.rawValue)")
    }
    let gradient = RecurrentGradient(cell, like: inference)
    let operands = (0..<8).map { $0 < node.operands.count ? node.operands[$0] : nil }
    let arriving = (0..<3).map { $0 <= stateCount && $0 < cotangents.count ? cotangents[$0] : nil }
    let saved = cell == .rnn ? nil : node.results[stateCount + 1]
    let results = try g.apply(gradient, operands + [node.results[0], saved] + arriving, resultCount: 7)
    // X, W, R, B, initial h and c, P; sequence lengths have none.
    return [
      results[0], results[1], results[2], operands[3].map { _ in results[3] }, nil,
      operands[5].map { _ in results[4] }, operands[6].map { _ in results[5] }, operands[7].map { _ in results[6] },
    ]
  }
}

extension RecurrentOp {
  /// Puts the training form of `node` in its place, so that the way forward is not computed twice, and pulls back
  /// through that.
  func pullback(
    _ cell: RecurrentCellKind, _ node: Node, _ cotangents: [Value?], in g: inout Graph
  ) throws(GraphError) -> [Value?] {
    guard clip == nil else {
      throw GraphError(
        .unsupported, "has no gradient with ‘clip’; train without it and limit the gradients' norm instead")
    }
    let training = RecurrentTraining(cell, like: self)
    let results = try g.apply(training, node.operands, resultCount: training.resultCount, named: node.name)
    var redirected: [Value: Value] = [:]
    for (old, new) in zip(node.results, results) {
      g.replace(old, with: new)
      redirected[old] = new
    }
    let arriving = cotangents.map { $0.map { redirected[$0] ?? $0 } }
    let leaving = try training.pullback(g.producer(of: results[0])!, arriving, in: &g)
    return Array(leaving.prefix(node.operands.count))
  }
}
