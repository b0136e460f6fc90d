public import HoneIR
public import HoneKernels

/// An operator that compares elements of two operands of the same type, which broadcast.
public protocol ComparisonOp: ExecutableOp, ElementwiseOp, SymbolicOp, UpgradableOp, DifferentiableOp {
  var function: ComparisonFunction { get }
  /// Whether operand 1 is compared with operand 0 rather than 0 with 1.
  var isSwapped: Bool { get }
}

extension ComparisonOp {
  public var isSwapped: Bool { false }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try broadcastType(call, 0..<2).with(.bool))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(0)
    guard let type = element.scalarType else { throw .unsupported(element) }
    let sizes = try call.resultSizes()
    let (first, second) = isSwapped ? (1, 0) : (0, 1)
    let loop = ElementwiseLoop(
      sizes: sizes,
      strides: [
        broadcastStrides(of: try call.sizes(first), to: sizes), broadcastStrides(of: try call.sizes(second), to: sizes),
      ])
    let (function, machine) = (function, InstructionSet.current)
    return Kernel(tasks: loop.taskCount, overwrites: try overwritable(call, 0..<2)) { frame, tasks in
      machine.compare(
        function, type, frame.operandBytes(first), frame.operandBytes(second), frame.result(), loop, tasks)
    }
  }

  /// Truths have no cotangents.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    symbolicElements(call) { a, b in
      let (a, b) = isSwapped ? (b, a) : (a, b)
      guard let holds = function.holds(a, b) else { return nil }
      return holds ? 1 : 0
    }
  }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    try node.upgradeBroadcast(from: version, in: &graph)
  }
}

extension ComparisonFunction {
  /// Whether `a` and `b` compare so, if that is the same for all sizes.
  func holds(_ a: Dimension, _ b: Dimension) -> Bool? {
    let (above, below) = (b - a, a - b)
    switch self {
    case .equal:
      if a == b { return true }
      return (above - 1).isNonNegative || (below - 1).isNonNegative ? false : nil
    case .less: return (above - 1).isNonNegative ? true : below.isNonNegative ? false : nil
    case .lessOrEqual: return above.isNonNegative ? true : (below - 1).isNonNegative ? false : nil
    }
  }
}
