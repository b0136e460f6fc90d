public import HoneIR
import HoneKernels

/// y = x·(bias + alpha/size·Σ x²)^−beta, the sum over `size` neighbouring channels
public struct LRN: RowKernelOp, RequiringOp {
  public var alpha: Float = 0.0001
  public var beta: Float = 0.75
  public var bias: Float = 1
  public var size = 1
  public init() {}
  public static let required = ["size"]

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard size > 0 else { throw GraphError(.attribute, "size must be positive, is \(size)") }
    return [.tensor(try call.tensor(0))]
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    guard sizes.count >= 2 else { throw GraphError(.type, "needs at least 2 axes, has \(sizes)") }
    let (channels, positions) = (sizes[1], sizes[2...].reduce(1, *))
    let response = LocalResponse(
      channels: channels, before: (size - 1) / 2, after: size / 2, bias: bias, factor: alpha / Float(size), beta: beta)
    let block = 256
    let blocks = max((positions + block - 1) / block, 1)
    return Kernel(tasks: sizes[0] * blocks) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      for task in range where sizes[0] * channels * positions > 0 {
        let from = task % blocks * block
        let start = task / blocks * channels * positions + from
        let count = min(block, positions - from)
        T.localResponse(x + start, stride: positions, count: count, response, into: y + start)
      }
    }
  }
}

extension LRN: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    // dy·s^−β − 2αβ/size·x·Σ dy·y/s, s being the sum in brackets, and the sum over the windows that x lies in.
    guard let dy = cotangents[0] else { return [] }
    let (x, y) = (node.operands[0]!, node.result)
    let sizes = try g.sizes(of: x)
    let (channels, before, after) = (sizes[1], (size - 1) / 2, size / 2)
    let element = g.tensorType(of: x).element
    let window = (0..<channels * channels).map { index -> Double in
      let (row, column) = index.quotientAndRemainder(dividingBy: channels)
      return column >= row - before && column <= row + after ? 1 : 0
    }
    let band = try g.cast(g.constant(Tensor(window, shape: [channels, channels])), to: element)
    let flat = [sizes[0], channels, sizes[2...].reduce(1, *)]
    let squares = try g.shaped(g.apply(Mul(), x, x), flat)
    let sums = try g.apply(
      Mul(), g.apply(MatMul(), band, squares), g.number(Double(alpha) / Double(size), like: x))
    let s = try g.shaped(g.apply(Add(), sums, g.number(Double(bias), like: x)), sizes)
    let parts = try g.shaped(g.apply(Div(), g.apply(Mul(), dy, y), s), flat)
    let spread = try g.shaped(g.apply(MatMul(), g.matrixTranspose(band), parts), sizes)
    let factor = try g.number(-2 * Double(alpha) * Double(beta) / Double(size), like: x)
    let direct = try g.apply(Mul(), dy, g.apply(Pow(), s, g.number(-Double(beta), like: x)))
    return [try g.apply(Add(), direct, g.apply(Mul(), g.apply(Mul(), x, spread), factor))]
  }
}
