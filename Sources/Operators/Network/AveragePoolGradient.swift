public import HoneIR

/// The cotangent of the operand of `AveragePool`: the elements of each window share its cotangent.
public struct AveragePoolGradient: ExecutableOp, PoolOp {
  public static var domain: String { NHWC.domain }
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var count_include_pad = false
  public var dilations: [Int] = []
  /// The sizes of what was pooled.
  public var input: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}
  public init(_ op: AveragePool, input: [Int]) {
    (auto_pad, ceil_mode, count_include_pad) = (op.auto_pad, op.ceil_mode, op.count_include_pad)
    (dilations, kernel_shape, pads, strides) = (op.dilations, op.kernel_shape, op.pads, op.strides)
    self.input = input
  }

  /// The operator whose gradient this is.
  var forward: AveragePool {
    var pool = AveragePool()
    (pool.auto_pad, pool.ceil_mode, pool.count_include_pad) = (auto_pad, ceil_mode, count_include_pad)
    (pool.dilations, pool.kernel_shape, pool.pads, pool.strides) = (dilations, kernel_shape, pads, strides)
    return pool
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), input)]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let window = try window(input: input[2...], kernel: kernel_shape, call)
    switch try call.element(0) {
    case .float32: return kernel(window, Float.self)
    case .float64: return kernel(window, Double.self)
    case .float16: return kernel(window, Float16.self)
    case .bfloat16: return kernel(window, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ window: Window, _: T.Type) -> Kernel {
    let visit = WindowVisit(window)
    let counts = forward.tapCounts(window).map { T.Real($0) }
    let (inputs, outputs) = (window.inputCount, window.outputCount)
    return PlaneSums<T>(planes: input[0] * input[1], length: inputs).kernel { frame, plane, sums in
      let dy = frame.operand(0, as: T.self) + plane * outputs
      visit.positions { index, depthTaps, heightTaps, widthTaps, d, h, w in
        let share = dy[index].real / counts[index]
        for kd in depthTaps {
          for kh in heightTaps {
            let line = (d + kd * visit.depth.dilation) * visit.height.input + h + kh * visit.height.dilation
            for kw in widthTaps { sums[line * visit.width.input + w + kw * visit.width.dilation] += share }
          }
        }
      }
    }
  }
}
