public import HoneIR
import HoneKernels

/// y = operand 1 where the condition holds, else operand 2
public struct Where: ExecutableOp, EvaluatedOp, SymbolicOp {
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    guard try call.element(0) == .bool else {
      throw GraphError(.type, "the condition must be bool, is \(try call.element(0).rawValue)")
    }
    let choices = try broadcastType(call, 1..<3)
    return [.tensor(choices.with(shape: try broadcast([call.shape(0), choices.shape])))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(1)
    let width = element.bitWidth / 8
    guard width > 0 else { throw .unsupported(element) }
    let loop = try elementwiseLoop(call, 0..<3)
    let machine = InstructionSet.current
    return Kernel(tasks: loop.taskCount, overwrites: try overwritable(call, 1..<3)) { frame, tasks in
      machine.select(
        byteWidth: width, frame.operand(0), frame.operandBytes(1), frame.operandBytes(2), frame.resultBytes(), loop,
        tasks)
    }
  }

  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let tensors = [try operands.tensor(0), try operands.tensor(1), try operands.tensor(2)]
    guard tensors[1].element == .string, tensors[2].element == .string else { return try evaluateKernel(tensors) }
    let walk = try BroadcastWalk(tensors)
    let (condition, a, b) = (tensors[0].bools, tensors[1].strings, tensors[2].strings)
    return [.tensor(Tensor(strings: walk.map { condition[$0[0]] ? a[$0[1]] : b[$0[2]] }, shape: walk.sizes))]
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let condition = symbolicVector(call, 0), let a = symbolicVector(call, 1), let b = symbolicVector(call, 2)
    else {
      return nil
    }
    let counts = [condition.count, a.count, b.count]
    guard let count = counts.contains(0) ? 0 : counts.max(), counts.allSatisfy({ $0 == 1 || $0 == count }) else {
      return nil
    }
    var result: [Dimension] = []
    for i in 0..<count {
      func at(_ elements: [Dimension]) -> Dimension { elements[elements.count == 1 ? 0 : i] }
      if at(a) == at(b) {
        result.append(at(a))
      } else if let holds = at(condition).size {
        result.append(holds != 0 ? at(a) : at(b))
      } else {
        return nil
      }
    }
    return result
  }
}

extension Where: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let zero = try g.number(0, like: dy)
    let (a, b) = (node.operands[1]!, node.operands[2]!)
    return [
      nil, try g.reduced(g.apply(Where(), node.operands[0], dy, zero), like: a),
      try g.reduced(g.apply(Where(), node.operands[0], zero, dy), like: b),
    ]
  }
}
