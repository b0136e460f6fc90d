public import HoneIR
import HoneKernels

/// dx, dscale and dbias of a layer normalization or, without `centred`, of a root-mean-square normalization of the axes from
/// `axis` on.
///
/// Operands: x, dy, and the scale of each element of a row, 1 if absent. Mean and variance are computed again, which costs
/// less than keeping them. dscale and dbias have the sizes of a row.
public struct NormalizationGradient: RowKernelOp {
  public static var domain: String { NHWC.domain }
  public var axis = -1
  public var epsilon: Float = 1e-5
  public var centred = true
  public init() {}
  init(axis: Int, epsilon: Float, centred: Bool) { (self.axis, self.epsilon, self.centred) = (axis, epsilon, centred) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let (x, dy) = (try call.tensor(0), try call.tensor(1))
    guard x.shape == dy.shape else { throw GraphError(.type, "a cotangent of \(dy) does not fit \(x)") }
    var row = TensorType(try call.optionalTensor(2)?.element ?? x.element, nil as [Dimension]?)
    if let shape = x.shape { row.shape = Array(shape[try call.axis(axis, rank: shape.count)...]) }
    return [ValueType](([.tensor(x), .tensor(row), .tensor(row)] as [ValueType]).prefix(max(call.resultCount, 1)))
  }

  /// Rows come in blocks, whatever the number of threads: a block's share of dscale and dbias is summed in the workspace.
  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    let (outer, n) = (sizes[..<axis].reduce(1, *), sizes[axis...].reduce(1, *))
    let hasScale = call.has(2)
    if hasScale, try call.sizes(2).reduce(1, *) != n {
      throw GraphError(.type, "a scale of \(try call.sizes(2)) does not fit rows of \(n)")
    }
    let used = (0..<3).map { call.isUsed($0) && $0 < max(call.resultCount, 1) }
    guard outer * n > 0 else {
      return Kernel { frame in
        for i in 1..<3 where used[i] { frame.result(i, as: T.self).update(repeating: 0, count: n) }
      }
    }
    let rowsPerBlock = max((outer + 63) / 64, 1)
    let blocks = (outer + rowsPerBlock - 1) / rowsPerBlock
    let (epsilon, centred) = (T(epsilon), centred)
    let work = { @Sendable (frame: borrowing Frame, blocksOfTask: Range<Int>) in
      for block in blocksOfTask {
        var sums: [UnsafeMutablePointer<T>?] = [nil, nil]
        for i in 0..<2 where used[i + 1] {
          let place = frame.workspace!.assumingMemoryBound(to: T.self) + (i * blocks + block) * n
          place.update(repeating: 0, count: n)
          sums[i] = place
        }
        for row in block * rowsPerBlock..<min((block + 1) * rowsPerBlock, outer) {
          T.normalizeGradient(
            NormalizedRowGradient(
              x: frame.operand(0) + row * n, dy: frame.operand(1) + row * n, scale: hasScale ? frame.operand(2) : nil,
              dx: used[0] ? frame.result(0) + row * n : nil, dscale: sums[0], dbias: sums[1], count: n,
              epsilon: epsilon, isCentred: centred))
        }
      }
    }
    guard used[1] || used[2] else { return Kernel(tasks: blocks, overwrites: [0: 1], work) }
    let width = 256
    return Kernel(tasks: (n + width - 1) / width) { frame, range in
      for task in range {
        for i in 0..<2 where used[i + 1] {
          let from = task * width
          let target = frame.result(i + 1, as: T.self) + from
          let source = frame.workspace!.assumingMemoryBound(to: T.self) + i * blocks * n + from
          let count = min(width, n - from)
          target.update(repeating: 0, count: count)
          T.reduceColumns(UnsafePointer(source), stride: n, rows: blocks, count: count, .sum, into: target)
        }
      }
    }
    .after([.init(tasks: blocks, work)], workspace: 2 * blocks * n * MemoryLayout<T>.stride)
  }
}

extension Graph {
  /// The cotangents of x, scale and bias of a normalization over the axes from `axis` on.
  mutating func normalizationPullback(
    _ node: Node, _ dy: Value, axis: Int, epsilon: Float, centred: Bool
  ) throws(GraphError) -> [Value?] {
    let (x, scale) = (node.operands[0]!, node.operands[1]!)
    let (sizes, own) = (try sizes(of: x), try sizes(of: scale))
    let row = Array(sizes[(try normalizedAxis(axis, rank: sizes.count))...])
    let bias = node.operands.optional(2)
    let op = NormalizationGradient(axis: axis, epsilon: epsilon, centred: centred)
    if Array(own.drop { $0 == 1 }) == Array(row.drop { $0 == 1 }) {
      let parts = try apply(op, [x, dy, shaped(scale, row)], resultCount: bias == nil ? 2 : 3)
      var result: [Value?] = [parts[0], try shaped(parts[1], own)]
      if let bias { result.append(try shaped(reducedRow(parts[2], dy, like: bias, row), self.sizes(of: bias))) }
      return result
    }
    // A scale that broadcasts otherwise is applied around the normalization.
    let ones = constant(
      try Tensor.number(1, tensorType(of: scale).element).repeated(row.reduce(1, *)).reshaped(row))
    var normal: Value
    if centred {
      var plain = LayerNormalization()
      (plain.axis, plain.epsilon) = (axis, epsilon)
      normal = try apply(plain, x, ones)
    } else {
      var plain = RMSNormalization()
      (plain.axis, plain.epsilon) = (axis, epsilon)
      normal = try apply(plain, x, ones)
    }
    let dx = try apply(op, x, apply(Mul(), dy, scale))
    let dscale = try reduced(apply(Mul(), dy, normal), like: scale)
    return [dx, dscale] + (bias == nil ? [] : [try reduced(dy, like: bias!)])
  }

  /// The sum of dy over all rows, or dy reduced where the bias is no row.
  private mutating func reducedRow(_ sum: Value, _ dy: Value, like bias: Value, _ row: [Int]) throws(GraphError)
    -> Value
  {
    let own = try sizes(of: bias)
    return Array(own.drop { $0 == 1 }) == Array(row.drop { $0 == 1 }) ? sum : try reduced(dy, like: bias)
  }
}

extension Tensor {
  /// `count` copies of a scalar.
  func repeated(_ count: Int) -> Tensor {
    Tensor(uninitialized: type.with(shape: [.fixed(count)])) { target in
      withBytes { source in
        for i in 0..<count {
          (target.baseAddress! + i * source.count).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
      }
    }
  }
}
