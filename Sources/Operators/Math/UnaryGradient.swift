public import HoneIR
import HoneKernels

/// dx = dy · f′ for a function of one element. Operand 0 is what `UnaryFunction.slopeSource` asks for, operand 1 is dy.
public struct UnaryGradient: ExecutableOp, ElementwiseOp {
  public static var domain: String { NHWC.domain }
  /// The function's name among `UnaryFunction`s.
  public var function = ""
  /// The function's parameters.
  public var p: Float = 0
  public var q: Float = 0
  /// Operand 0 is the function's result rather than its operand.
  public var from_result = false
  public init() {}
  init(_ function: UnaryFunction, p: Float, q: Float) {
    (self.function, self.p, self.q) = ("\(function)", p, q)
    switch function.slopeSource {
    case .result: from_result = true
    case .any: from_result = p > 0 && (q > 0 || function != .selu)
    case .operand, nil: from_result = false
    }
  }

  private var parsed: UnaryFunction? { UnaryFunction.allCases.first { "\($0)" == function && $0.slopeSource != nil } }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let (value, cotangent) = (try call.tensor(0), try call.tensor(1))
    guard value == cotangent else { throw GraphError(.type, "a cotangent of \(cotangent) does not fit \(value)") }
    guard parsed != nil else { throw GraphError(.attribute, "‘\(function)’ is no function with a slope") }
    return [.tensor(value)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let element = try call.element(0)
    guard let type = element.scalarType, type.isFloatingPoint, let function = parsed else {
      throw .unsupported(element)
    }
    let chunks = Chunks(count: try call.result().elementCount!)
    let (pair, fromResult) = (ScalarPair(Double(p), Double(q), for: type), from_result)
    let machine = InstructionSet.current
    return Kernel(tasks: chunks.taskCount, overwrites: [0: 1]) { frame, tasks in
      let range = chunks.elements(tasks)
      let start = range.lowerBound * type.byteWidth
      pair.withBytes {
        machine.gradient(
          function, fromResult: fromResult, type, frame.operandBytes(0) + start, frame.operandBytes(1) + start,
          frame.resultBytes() + start, count: range.count, parameters: $0)
      }
    }
  }
}
