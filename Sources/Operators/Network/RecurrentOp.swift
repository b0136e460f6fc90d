import HoneIR

/// The order in which a recurrent operator walks over the steps.
public enum RecurrentDirection: String, Sendable, Hashable, Codable {
  case forward, reverse, bidirectional
}

/// An operator that carries a state over the steps of `[steps, batch, inputs]`.
///
/// Operands: X, W `[directions, gates·hidden, inputs]`, R `[directions, gates·hidden, hidden]`, B
/// `[directions, 2·gates·hidden]`, sequence lengths, initial state.
protocol RecurrentOp: Op {
  static var gateCount: Int { get }
  static var defaultActivations: [String] { get }
  var activation_alpha: [Float] { get }
  var activation_beta: [Float] { get }
  var activations: [String] { get }
  var clip: Float? { get }
  var direction: RecurrentDirection { get }
  var hidden_size: Int? { get }
  var layout: Int { get }
  /// The kernel for float32 with weights held as `weights`.
  func kernel(_ call: Call, _ weights: RecurrentWeightForm) throws(GraphError) -> Kernel
}

extension RecurrentOp {
  var directionCount: Int { direction == .bidirectional ? 2 : 1 }

  /// The types of all steps' states, of the last state and of `extra` more states.
  func states(_ call: Call, extra: Int) throws(GraphError) -> [ValueType] {
    let x = try call.tensor(0)
    guard x.element.isFloatingPoint, try call.element(1) == x.element, try call.element(2) == x.element else {
      throw GraphError(.type, "X, W and R must be of one floating-point type")
    }
    for i in 0..<3 {
      let type = try call.tensor(i)
      guard type.shape == nil || type.rank == 3 else {
        throw GraphError(.type, "operand \(i) must have 3 axes: \(type)")
      }
    }
    let (weights, recurrent) = (try call.shape(1), try call.shape(2))
    if let count = weights?[0].size, count != directionCount {
      throw GraphError(.type, "weights for \(count) directions do not fit direction ‘\(direction.rawValue)’")
    }
    let hidden = hidden_size.map(Dimension.fixed) ?? recurrent?[2] ?? call.unknownSize()
    if let hidden = hidden.size {
      for shape in [weights, recurrent] {
        if let rows = shape?[1].size, rows != hidden * Self.gateCount {
          throw GraphError(.type, "\(rows) rows of weights do not fit \(Self.gateCount) gates of \(hidden)")
        }
      }
    }
    if let a = x.shape?[2].size, let b = weights?[2].size, a != b {
      throw GraphError(.type, "X has \(a) inputs, the weights are made for \(b)")
    }
    let steps = x.shape?[layout == 0 ? 0 : 1] ?? call.unknownSize()
    let batch = x.shape?[layout == 0 ? 1 : 0] ?? call.unknownSize()
    let directions = Dimension(directionCount)
    let all = layout == 0 ? [steps, directions, batch, hidden] : [batch, steps, directions, hidden]
    let last = layout == 0 ? [directions, batch, hidden] : [batch, directions, hidden]
    let types: [ValueType] = [.tensor(x.element, all)] + Array(repeating: .tensor(x.element, last), count: 1 + extra)
    guard call.resultCount <= types.count else { throw GraphError(.arity, "has at most \(types.count) results") }
    return Array(types.prefix(call.resultCount))
  }

  /// The activations of `direction`.
  func parsedActivations() throws(GraphError) -> [[RecurrentActivation]] {
    let perDirection = Self.defaultActivations.count
    let names =
      activations.isEmpty
      ? (0..<directionCount).flatMap { _ in Self.defaultActivations } : activations
    guard names.count >= perDirection * directionCount else {
      throw GraphError(.attribute, "\(names.count) activations, needs \(perDirection * directionCount)")
    }
    let parsed = try RecurrentActivation.parse(names, alphas: activation_alpha, betas: activation_beta)
    return (0..<directionCount).map { Array(parsed[$0 * perDirection..<($0 + 1) * perDirection]) }
  }

  func sizes(_ call: Call, _ form: RecurrentWeightForm = .given) throws(GraphError) -> RecurrentSizes {
    var (x, w, r) = (try call.sizes(0), try call.sizes(1), try call.sizes(2))
    guard layout == 0 || layout == 1 else { throw GraphError(.attribute, "layout \(layout) is not known") }
    guard x.count == 3, w.count == 3, r.count == 3 else { throw GraphError(.type, "X, W and R must have 3 axes") }
    if case .int8 = form {
      w.swapAt(1, 2)
      r.swapAt(1, 2)
    }
    guard w[0] == directionCount, r == [w[0], w[1], w[1] / Self.gateCount] else {
      throw GraphError(.type, "W \(w) and R \(r) do not fit each other")
    }
    guard x[2] == w[2] else { throw GraphError(.type, "X has \(x[2]) inputs, the weights are made for \(w[2])") }
    return RecurrentSizes(
      steps: x[layout], batch: x[1 - layout], inputs: x[2], hidden: r[2], directions: w[0], gates: Self.gateCount,
      isBatchMajor: layout == 1)
  }
}

/// Sizes of a recurrent operator and where its tensors have their elements.
struct RecurrentSizes: Sendable, Hashable {
  var steps: Int
  var batch: Int
  var inputs: Int
  var hidden: Int
  var directions: Int
  var gates: Int
  /// Tensors are `[batch, steps, …]`.
  var isBatchMajor: Bool

  /// Elements of one row of all gates.
  var width: Int { gates * hidden }
  func input(step: Int, row: Int) -> Int { (isBatchMajor ? row * steps + step : step * batch + row) * inputs }
  func output(step: Int, direction: Int, row: Int) -> Int {
    isBatchMajor
      ? ((row * steps + step) * directions + direction) * hidden
      : ((step * directions + direction) * batch + row) * hidden
  }
  func state(direction: Int, row: Int) -> Int {
    (isBatchMajor ? row * directions + direction : direction * batch + row) * hidden
  }
}
