public import HoneIR

/// `RotaryEmbedding` of bfloat16 data by float32 cosines and sines. Made by lowering and never exported.
public struct NarrowRotaryEmbedding: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var interleaved = false
  public var num_heads = 0
  public var rotary_embedding_dim = 0
  public init() {}

  public init(_ op: RotaryEmbedding) {
    (interleaved, num_heads, rotary_embedding_dim) = (op.interleaved, op.num_heads, op.rotary_embedding_dim)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...4)
    return [.tensor(try call.tensor(0))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    guard try call.element(0) == .bfloat16 else { throw .unsupported(try call.element(0)) }
    for i in 1...2 where try call.element(i) != .float32 {
      throw GraphError(.type, "the cosines and sines must be float32: \(try call.tensor(i))")
    }
    var op = RotaryEmbedding()
    (op.interleaved, op.num_heads, op.rotary_embedding_dim) = (interleaved, num_heads, rotary_embedding_dim)
    let rotation = try Rotation(op, call)
    return Kernel(tasks: rotation.taskCount) { frame, range in
      let (x, y) = (frame.operand(0, as: BFloat16.self), frame.result(0, as: BFloat16.self))
      let (cosines, sines) = (frame.operand(1, as: Float.self), frame.operand(2, as: Float.self))
      rotation.forEachHead(range, frame) { start, angle in
        let (source, target) = (x + start, y + start)
        let (cosine, sine) = (cosines + angle, sines + angle)
        for i in 0..<rotation.half {
          let (first, second) = rotation.pair(i)
          let (a, b) = (source[first].float, source[second].float)
          target[first] = BFloat16(a * cosine[i] - b * sine[i])
          target[second] = BFloat16(a * sine[i] + b * cosine[i])
        }
        for i in rotation.rotated..<rotation.head { target[i] = source[i] }
      }
    }
  }
}
