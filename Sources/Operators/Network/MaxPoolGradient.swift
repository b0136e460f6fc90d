public import HoneIR

/// The cotangent of the operand of `MaxPool`: each window's goes to the first of its largest elements. Operands are the
/// result's cotangent and what was pooled.
public struct MaxPoolGradient: ExecutableOp, PoolOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public init(_ op: MaxPool) {
    (auto_pad, ceil_mode, dilations) = (op.auto_pad, op.ceil_mode, op.dilations)
    (kernel_shape, pads, strides) = (op.kernel_shape, op.pads, op.strides)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try call.tensor(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(1)
    let window = try window(input: sizes[2...], kernel: kernel_shape, call)
    switch try call.element(1) {
    case .float32: return kernel(window, sizes[0] * sizes[1], Float.self)
    case .float64: return kernel(window, sizes[0] * sizes[1], Double.self)
    case .float16: return kernel(window, sizes[0] * sizes[1], Float16.self)
    case .bfloat16: return kernel(window, sizes[0] * sizes[1], BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ window: Window, _ planes: Int, _: T.Type) -> Kernel {
    let visit = WindowVisit(window)
    let (inputs, outputs) = (window.inputCount, window.outputCount)
    return PlaneSums<T>(planes: planes, length: inputs).kernel { frame, plane, sums in
      let (dy, x) = (frame.operand(0, as: T.self) + plane * outputs, frame.operand(1, as: T.self) + plane * inputs)
      visit.fold(
        -1,
        { best, i in if best < 0 || x[i].real > x[best].real { best = i } },
        { i, best in if best >= 0 { sums[best] += dy[i].real } })
    }
  }
}

/// Planes that are summed up element by element, in the precision that their type is computed in.
struct PlaneSums<T: RealElement>: Sendable {
  var planes: Int
  var length: Int

  /// A kernel whose result 0 is `planes` planes; `body` adds to the zeros of one.
  func kernel(_ body: @escaping @Sendable (borrowing Frame, Int, UnsafeMutablePointer<T.Real>) -> Void) -> Kernel {
    let (planes, length) = (planes, length)
    let isDirect = T.self == T.Real.self
    let scratch = isDirect ? 0 : length * MemoryLayout<T.Real>.stride
    return Kernel(tasks: planes, scratch: scratch) { frame, range in
      for plane in range where plane < planes {
        let target = frame.result(0, as: T.self) + plane * length
        let sums = (isDirect ? UnsafeMutableRawPointer(target) : frame.scratch).assumingMemoryBound(to: T.Real.self)
        sums.update(repeating: 0, count: length)
        body(frame, plane, sums)
        if !isDirect { for i in 0..<length { target[i] = T(real: T.Real(sums[i])) } }
      }
    }
  }
}
