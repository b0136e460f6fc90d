public import HoneIR
import HoneKernels

/// A matrix of zeros of the operand's shape with ones on diagonal `k`.
public struct EyeLike: KernelEvaluatedOp {
  public var dtype: ElementType?
  public var k = 0
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let like = try call.tensor(0)
    if let rank = like.rank, rank != 2 { throw GraphError(.type, "takes a matrix, has \(like)") }
    return [.tensor(like.with(dtype ?? like.element))]
  }
  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, element) = (try call.resultSizes(), try call.result().element)
    guard NumberReader.reads(element) else { throw GraphError(.unsupported, "EyeLike of \(element.rawValue)") }
    let k = k
    return Kernel { frame in
      let y = frame.resultBytes()
      y.initializeMemory(as: UInt8.self, repeating: 0, count: sizes.product * element.byteWidth)
      for i in 0..<sizes[0] {
        let (j, overflow) = i.addingReportingOverflow(k)
        if !overflow && j >= 0 && j < sizes[1] { NumberReader.store(1, y, i * sizes[1] + j, element) }
      }
    }
  }
}

/// Only the shape of the operand counts.
extension EyeLike: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    []
  }
}
