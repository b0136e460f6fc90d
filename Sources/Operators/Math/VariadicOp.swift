public import HoneIR
public import HoneKernels

/// An operator that folds one function over elements of any number of operands, which broadcast.
public protocol VariadicOp: ExecutableOp, ElementwiseOp, UpgradableOp {
  var function: BinaryFunction { get }
  /// Whether the fold is divided by the number of operands.
  var isMean: Bool { get }
}

extension VariadicOp {
  public var isMean: Bool { false }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count > 0 else { throw GraphError(.arity, "takes at least one operand, has none") }
    return [.tensor(try broadcastType(call, 0..<call.count))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let count = call.count
    guard count > 1 else { return .view }
    if count == 2, !isMean { return try binaryKernel(function, call) }
    let element = try call.element(0)
    guard let type = element.scalarType, function.supports(type), type.isFloatingPoint || !isMean else {
      throw .unsupported(element)
    }
    let loop = try elementwiseLoop(call, 0..<count)
    let divisor = isMean ? Self.divisor(count, type) : nil
    let (function, machine) = (function, InstructionSet.current)
    return Kernel(tasks: loop.taskCount) { frame, tasks in
      guard let divisor else {
        machine.fold(function, type, count: count, { frame.operandBytes($0) }, frame.resultBytes(), loop, tasks)
        return
      }
      divisor.withBytes { bytes in
        machine.fold(
          function, type, count: count, { frame.operandBytes($0) }, frame.resultBytes(), divisor: bytes, loop, tasks)
      }
    }
  }

  private static func divisor(_ count: Int, _ type: ScalarType) -> ScalarPair {
    var pair = ScalarPair(Double(count), 0, for: type)
    if type == .float16 { pair.set(Float16(count).bitPattern, 0) }
    if type == .bfloat16 { pair.set(BFloat16(Float(count)).bits, 0) }
    return pair
  }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributes["consumed_inputs"] = nil
  }
}

/// The cotangent of a maximum or minimum belongs to the first operand that attains it.
func extremePullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
  guard let dy = cotangents[0] else { return [] }
  let zero = try g.number(0, like: dy)
  var rest = dy
  var result: [Value?] = []
  for (i, operand) in node.operands.enumerated() {
    guard i < node.operands.count - 1 else {
      result.append(try g.reduced(rest, like: operand!))
      break
    }
    let isIt = try g.apply(Equal(), operand, node.result)
    result.append(try g.reduced(g.apply(Where(), isIt, rest, zero), like: operand!))
    rest = try g.apply(Where(), isIt, zero, rest)
  }
  return result
}
