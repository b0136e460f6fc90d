public import HoneIR

/// 1 with the probability that the operand gives, else 0.
public struct Bernoulli: ExecutableOp, RandomOp {
  public var dtype: ElementType?
  public var seed: Float?
  public init() {}
  public static var since: Int { 15 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    return [.tensor(input.with(dtype ?? input.element))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (reading, writing) = (try DoubleAccess(call.element(0)), try DoubleAccess(call.result().element))
    let count = try call.result().elementCount!
    let stream = RandomStream(seed: seed)
    return Kernel { frame in
      let numbers = stream.nextRun()
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 1) { value in
        for i in 0..<count {
          reading.load(frame.operandBytes(0), from: i, count: 1, into: value.baseAddress!)
          value[0] = numbers.uniform(i) < value[0] ? 1 : 0
          writing.store(value.baseAddress!, count: 1, into: frame.resultBytes(), from: i)
        }
      }
    }
  }
}
