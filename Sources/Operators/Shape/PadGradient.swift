public import HoneIR

/// The cotangent of the operand of a `Pad` that shows elements more than once: each receives what all its copies do.
public struct PadGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  /// The operand's sizes, and what was added along each axis.
  public var sizes: [Int] = []
  public var begins: [Int] = []
  public var ends: [Int] = []
  public var mode = PadMode.constant
  public init() {}
  public init(sizes: [Int], begins: [Int], ends: [Int], mode: PadMode) {
    (self.sizes, self.begins, self.ends, self.mode) = (sizes, begins, ends, mode)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    return [.tensor(try call.tensor(0).with(shape: sizes.map { Dimension($0) }))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    var filters: [TransposedFilter<T>?] = []
    for (axis, size) in sizes.enumerated() {
      let padded = PaddedAxis(size: size, begin: begins[axis], end: ends[axis], mode: mode)
      let isUnchanged = padded.begin == 0 && padded.end == 0
      filters.append(isUnchanged ? nil : TransposedFilter(map: try padded.map(), size: size))
    }
    return TransposedInterpolation(counts: try call.sizes(0), sizes: sizes, filters: filters).kernel()
  }
}
