public import HoneIR
public import HoneKernels

/// An operator that asks the same of each floating-point element.
public protocol ClassificationOp: ExecutableOp, CompositeOp, ElementwiseOp, DifferentiableOp {
  /// What is asked; nil if the answer is always no.
  var function: ClassificationFunction? { get }
}

extension ClassificationOp {
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0).with(.bool))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(0)
    guard let type = element.scalarType, type.isFloatingPoint else { throw .unsupported(element) }
    let chunks = Chunks(count: try call.result().elementCount!)
    let (function, machine) = (function, InstructionSet.current)
    return Kernel(tasks: chunks.taskCount) { frame, tasks in
      let range = chunks.elements(tasks)
      let y = frame.result(as: UInt8.self) + range.lowerBound
      guard let function else {
        y.update(repeating: 0, count: range.count)
        return
      }
      machine.classify(function, type, frame.operandBytes(0) + range.lowerBound * type.byteWidth, y, count: range.count)
    }
  }

  /// Truths have no cotangents.
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }

  /// Types of 8 bits are asked as float32.
  public func expand(_ operands: [Value?], _ call: Call, in graph: inout Graph) throws(GraphError) -> [Value] {
    let element = try call.element(0)
    guard element.isFloatingPoint, element.scalarType == nil else { throw .unsupported(element) }
    return [try graph.apply(self, graph.apply(Cast(to: .float32), operands[0]))]
  }
}
