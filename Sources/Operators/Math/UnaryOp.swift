public import HoneIR
public import HoneKernels

/// An operator that applies one function with constant parameters to each element.
public protocol UnaryOp: ExecutableOp, ElementwiseOp, UpgradableOp, DifferentiableOp {
  var function: UnaryFunction { get }
  /// The function's parameters p and q.
  var parameters: (p: Float, q: Float) { get }
}

extension UnaryOp {
  public var parameters: (p: Float, q: Float) { (0, 0) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let parameters = parameters
    return try unaryKernel(function, call) { ScalarPair(Double(parameters.p), Double(parameters.q), for: $0) }
  }

  /// One pass over the data, reading the result rather than the operand where that is enough: no cotangent where the
  /// function is flat or has integers.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0], function.slopeSource != nil else { return [] }
    let slope = UnaryGradient(function, p: parameters.p, q: parameters.q)
    return [try g.apply(slope, slope.from_result ? node.result : node.operands[0]!, dy)]
  }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
  }
}

/// The kernel of `function` from operand 0 to result 0.
func unaryKernel(_ function: UnaryFunction, _ call: Call, _ parameters: (ScalarType) -> ScalarPair) throws(GraphError)
  -> Kernel
{
  let element = try call.element(0)
  guard let type = element.scalarType, function.supports(type) else { throw .unsupported(element) }
  let chunks = Chunks(count: try call.result().elementCount!)
  let pair = parameters(type)
  let machine = InstructionSet.current
  return Kernel(tasks: chunks.taskCount, overwrites: [0: 0]) { frame, tasks in
    let range = chunks.elements(tasks)
    let (x, y) = (frame.operandBytes(0), frame.resultBytes())
    pair.withBytes {
      machine.unary(
        function, type, x + range.lowerBound * type.byteWidth, y + range.lowerBound * type.byteWidth,
        count: range.count,
        parameters: $0)
    }
  }
}

/// Elements of a dense array, divided into tasks.
struct Chunks: Sendable {
  let count: Int
  var taskCount: Int { (count + ElementwiseLoop.grain - 1) / ElementwiseLoop.grain }

  /// The elements of a range of tasks.
  func elements(_ tasks: Range<Int>) -> Range<Int> {
    let lower = min(tasks.lowerBound * ElementwiseLoop.grain, count)
    return lower..<max(lower, min(tasks.upperBound * ElementwiseLoop.grain, count))
  }
}
