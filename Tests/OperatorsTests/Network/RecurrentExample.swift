import HoneIR
import HoneOperators
import HoneRuntime

/// A recurrent operator with reproducible operands.
struct RecurrentExample: CustomStringConvertible, Sendable {
  var op: any Op
  var gates: Int
  var steps = 6
  var batch = 1
  var inputs = 11
  var hidden = 20
  var hasLengths = false
  var hasStates = false
  var hasPeepholes = false

  private var directions: Int { direction == .bidirectional ? 2 : 1 }
  private var direction: RecurrentDirection {
    (op as? LSTM)?.direction ?? (op as? GRU)?.direction ?? (op as? RNN)?.direction ?? .forward
  }
  private var isBatchMajor: Bool { ((op as? LSTM)?.layout ?? (op as? GRU)?.layout ?? (op as? RNN)?.layout) == 1 }
  var resultCount: Int { gates == 4 ? 3 : 2 }
  var description: String {
    "\(op.name) \(direction) \(steps)×\(batch)×\(inputs)→\(hidden)\(isBatchMajor ? " batch first" : "")"
  }

  private static func values(_ count: Int, _ seed: Int, _ scale: Float) -> [Float] {
    (0..<count).map { Float((($0 + seed) * 7919 + $0 * $0 * 31) % 2003 - 1001) / 1001 * scale }
  }

  /// X, W, R, B, lengths, initial h and c, P.
  func operands() -> [Tensor?] {
    func tensor(_ sizes: Int..., seed: Int, scale: Float) -> Tensor {
      Tensor(Self.values(sizes.reduce(1, *), seed, scale), shape: sizes)
    }
    let width = gates * hidden
    let x = isBatchMajor ? [batch, steps, inputs] : [steps, batch, inputs]
    let state = isBatchMajor ? [batch, directions, hidden] : [directions, batch, hidden]
    var result: [Tensor?] = [
      Tensor(Self.values(x.reduce(1, *), 1, 1), shape: x), tensor(directions, width, inputs, seed: 2, scale: 0.5),
      tensor(directions, width, hidden, seed: 3, scale: 0.4), tensor(directions, 2 * width, seed: 4, scale: 0.3),
      hasLengths ? Tensor((0..<batch).map { Int32(max(0, steps - 2 * $0)) }, shape: [batch]) : nil,
      hasStates ? Tensor(Self.values(state.reduce(1, *), 5, 1), shape: state) : nil,
    ]
    guard gates == 4 else { return result }
    result.append(hasStates ? Tensor(Self.values(state.reduce(1, *), 6, 1), shape: state) : nil)
    result.append(hasPeepholes ? tensor(directions, 3 * hidden, seed: 7, scale: 0.3) : nil)
    return result
  }

  /// The results of `op` on operands, of which those in `constants` are constants.
  static func run(
    _ op: any Op, _ operands: [Tensor?], constants: Set<Int> = [], resultCount: Int
  ) throws -> [Tensor] {
    var graph = Graph()
    let values = operands.enumerated().map { i, tensor -> Value? in
      guard let tensor else { return nil }
      return constants.contains(i) ? graph.constant(tensor) : graph.input("x\(i)", tensor.type)
    }
    graph.outputs = try graph.apply(op, values, resultCount: resultCount)
    let inputs = operands.enumerated().filter { !constants.contains($0.offset) }.compactMap(\.element)
    return try Session(graph).run(inputs)
  }

  /// The results in float64, where operands may be changed before.
  func reference(_ change: (Int, Tensor) -> Tensor = { $1 }) throws -> [[Double]] {
    let wide = operands().enumerated().map { i, tensor -> Tensor? in
      guard let tensor, tensor.element == .float32 else { return tensor }
      return Tensor(change(i, tensor).doubles, shape: tensor.sizes)
    }
    return try Self.run(op, wide, resultCount: resultCount).map(\.doubles)
  }

  /// The greatest distance from the reference.
  static func distance(_ results: [Tensor], _ reference: [[Double]]) -> Double {
    zip(results, reference).reduce(0) { worst, pair in
      zip(pair.0.doubles, pair.1).reduce(worst) { $1.0.isNaN ? .infinity : max($0, abs($1.0 - $1.1)) }
    }
  }
}
