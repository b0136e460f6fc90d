public import HoneIR

/// The cotangent of the operand of `CumProd`. Operand 0 is the result's cotangent, the others are those of `CumProd`.
///
/// dx[i] = Π(k < i) x[k] · s[i] with s[i] = dy[i] + x[i + 1] · s[i + 1], which holds for zeros too; an exclusive product
/// has s[i] = dy[i + 1] + x[i + 1] · s[i + 1].
public struct CumProdGradient: ExecutableOp {
  public static var domain: String { NHWC.domain }
  public var exclusive = false
  public var reverse = false
  public init() {}
  public init(exclusive: Bool, reverse: Bool) { (self.exclusive, self.reverse) = (exclusive, reverse) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    return [.tensor(try call.tensor(1))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let type = try call.element(0).interpolationType
    if let staged = try StagedElements(call, operands: [0, 1], computingIn: type) {
      return staged.kernel(try kernel(staged.call))
    }
    return type == .float64 ? try kernel(call, Double.self) : try kernel(call, Float.self)
  }

  private func kernel<T: BinaryFloatingPoint & TensorElement>(_ call: Call, _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(1)
    guard let given = try call.requireIntegers(2, "the axis").first else {
      throw GraphError(.type, "the axis is missing")
    }
    let axis = try call.axis(given, rank: sizes.count)
    let (count, inner) = (sizes[axis], sizes[(axis + 1)...].reduce(1, *))
    let lanes = sizes[..<axis].reduce(1, *) * inner
    let (reverse, exclusive) = (reverse, exclusive)
    return Kernel(tasks: lanes) { frame, range in
      for lane in range where lane < lanes && count > 0 {
        let start = lane / inner * count * inner + lane % inner
        func place(_ i: Int) -> Int { start + (reverse ? count - 1 - i : i) * inner }
        let (dy, x, dx) = (
          frame.operand(0, as: T.self), frame.operand(1, as: T.self), frame.result(as: T.self)
        )
        var sum: T = 0
        for i in (0..<count).reversed() {
          if i + 1 < count {
            sum = x[place(i + 1)] * sum + (exclusive ? dy[place(i + 1)] : 0)
          }
          if !exclusive { sum += dy[place(i)] }
          dx[place(i)] = sum
        }
        var product: T = 1
        for i in 0..<count {
          dx[place(i)] *= product
          product *= x[place(i)]
        }
      }
    }
  }
}
