public import HoneIR

/// The largest element under each window; as second result, its index in the whole tensor.
public struct MaxPool: ExecutableOp, PoolOp, RequiringOp {
  public static let required = ["kernel_shape"]
  public var auto_pad = AutoPad.notSet
  public var ceil_mode = false
  public var dilations: [Int] = []
  public var kernel_shape: [Int] = []
  public var pads: [Int] = []
  /// 1 numbers the elements of a plane column by column.
  public var storage_order = 0
  public var strides: [Int] = []
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let shape = try pooledShape(call)
    return Array([.tensor(try call.element(0), shape), .tensor(.int64, shape)].prefix(call.resultCount))
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let window = try pooledWindow(call)
    let planes = sizes[0] * sizes[1]
    let indices = call.resultCount > 1 && call.isUsed(1)
    switch try call.element(0) {
    case .float32: return kernel(window, planes, indices, lowest: -Float.infinity)
    case .float64: return kernel(window, planes, indices, lowest: -Double.infinity)
    case .float16: return kernel(window, planes, indices, lowest: -Float16.infinity)
    case .bfloat16: return kernel(window, planes, indices, lowest: BFloat16(-Float.infinity))
    case .int8: return kernel(window, planes, indices, lowest: Int8.min)
    case .uint8: return kernel(window, planes, indices, lowest: UInt8.min)
    case let other: throw .unsupported(other)
    }
  }

  private func kernel<T: RealElement>(_ window: Window, _ planes: Int, _ indices: Bool, lowest: T) -> Kernel {
    let visit = WindowVisit(window)
    let (inputs, outputs) = (window.inputCount, window.outputCount)
    let columnMajor = storage_order == 1
    return Kernel(tasks: planes) { frame, range in
      let x = frame.operand(0, as: T.self)
      let y = frame.result(0, as: T.self)
      for plane in range {
        let source = x + plane * inputs
        if !indices {
          visit.fold(
            lowest.real, { best, i in best = max(best, source[i].real) },
            { y[plane * outputs + $0] = T(real: $1) })
          continue
        }
        let found = frame.result(1, as: Int64.self)
        visit.fold(
          (value: lowest.real, index: -1),
          { best, i in
            let value = source[i].real
            if best.index < 0 || value > best.value { best = (value, i) }
          },
          { i, best in
            y[plane * outputs + i] = T(real: best.value)
            let index = columnMajor ? columnMajorIndex(max(best.index, 0), window) : max(best.index, 0)
            found[plane * outputs + i] = Int64(plane * inputs + index)
          })
      }
    }
  }
}

/// The index of element `index` of a row-major plane if the plane were stored column by column.
private func columnMajorIndex(_ index: Int, _ window: Window) -> Int {
  let (depth, height, width) = (window.depth, window.height, window.width)
  let w = index % width.input
  let h = index / width.input % height.input
  let d = index / (width.input * height.input)
  if window.axes.count < 2 { return index }
  if window.axes.count == 2 { return h + w * height.input }
  return d + depth.input * (h + w * height.input)
}

extension MaxPool: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    return [try g.apply(MaxPoolGradient(self), dy, node.operands[0])]
  }
}
