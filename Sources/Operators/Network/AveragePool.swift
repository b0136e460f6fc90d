public import HoneIR

/// The mean of the elements under each window.
public struct AveragePool: ExecutableOp, PoolOp, RequiringOp {
  public static let required = ["kernel_shape"]
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  /// Padding counts as zeros.
  public var count_include_pad = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.element(0), try pooledShape(call))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let window = try pooledWindow(call)
    let planes = sizes[0] * sizes[1]
    switch try call.element(0) {
    case .float32: return kernel(window, planes, Float.self)
    case .float64: return kernel(window, planes, Double.self)
    case .float16: return kernel(window, planes, Float16.self)
    case .bfloat16: return kernel(window, planes, BFloat16.self)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ window: Window, _ planes: Int, _: T.Type) -> Kernel {
    let visit = WindowVisit(window)
    let counts = tapCounts(window).map { T.Real($0) }
    let (inputs, outputs) = (window.inputCount, window.outputCount)
    return Kernel(tasks: planes) { frame, range in
      let x = frame.operand(0, as: T.self)
      let y = frame.result(0, as: T.self)
      counts.withUnsafeBufferPointer { counts in
        for plane in range {
          let source = x + plane * inputs
          visit.fold(
            T.Real.zero, { sum, i in sum += source[i].real },
            { y[plane * outputs + $0] = T(real: $1 / counts[$0]) })
        }
      }
    }
  }

  /// How many positions each output position averages.
  func tapCounts(_ window: Window) -> [Int] {
    func counts(_ axis: Window.Axis) -> [Int] {
      (0..<axis.output).map { count_include_pad ? axis.paddedTapCount($0) : axis.taps($0).count }
    }
    var result: [Int] = []
    result.reserveCapacity(window.outputCount)
    let (depths, heights, widths) = (counts(window.depth), counts(window.height), counts(window.width))
    for d in depths {
      for h in heights { for w in widths { result.append(d * h * w) } }
    }
    return result
  }
}

extension AveragePool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(AveragePoolGradient(self, input: g.sizes(of: node.operands[0]!)), dy)]
  }
}
