public import HoneIR

/// y = (x − mean)/√(variance + epsilon)·scale + bias over the axes from `axis` on; further results are mean and 1/√(variance + epsilon).
public struct LayerNormalization: RowKernelOp {
  public var axis = -1
  public var epsilon: Float = 1e-5
  public var stash_type = ElementType.float32
  public init() {}
  public static var since: Int { 17 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...3)
    let type = try call.tensor(0)
    var statistics: [Dimension]?
    if let shape = type.shape {
      let axis = try call.axis(axis, rank: shape.count)
      statistics = shape.indices.map { $0 < axis ? shape[$0] : 1 }
    }
    let all: [ValueType] = [.tensor(type), .tensor(stash_type, statistics), .tensor(stash_type, statistics)]
    return Array(all.prefix(max(call.resultCount, 1)))
  }

  func kernel<T: RowElement>(_ call: Call, as _: T.Type) throws(GraphError) -> Kernel {
    let rows = try NormalizedRows(call, axis: axis)
    let epsilon = T(epsilon)
    let resultCount = call.results.count
    let (n, hasBias) = (rows.count, call.has(2))
    return Kernel(tasks: rows.outer) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      let scale = frame.operand(1, as: T.self)
      let bias = hasBias ? frame.operand(2, as: T.self) : nil
      for row in range where n * rows.outer > 0 {
        let source = x + row * n
        let mean = T.sum(source, count: n) / T(n)
        let factor = 1 / (T.deviation(source, count: n, mean: mean) / T(n) + epsilon).squareRoot()
        rows.apply(source, mean, factor, scale, bias, row, y + row * n)
        if resultCount > 1, frame.hasResult(1) { frame.result(1, as: T.self)[row] = mean }
        if resultCount > 2, frame.hasResult(2) { frame.result(2, as: T.self)[row] = factor }
      }
    }
  }
}

/// A tensor seen as rows that are normalized, with scale and bias that broadcast to the tensor.
struct NormalizedRows: Sendable {
  var outer, count: Int
  private var scale, bias: Parameter

  /// How a scale or bias lies over the rows.
  private enum Parameter {
    case absent
    /// One for each element of a row.
    case perElement
    case strided([Int])
  }
  private let sizes: [Int]

  init(_ call: Call, axis: Int) throws(GraphError) {
    sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count)
    outer = sizes[..<axis].reduce(1, *)
    count = sizes[axis...].reduce(1, *)
    scale = try Self.parameter(call, 1, sizes, axis)
    bias = try Self.parameter(call, 2, sizes, axis)
  }

  private static func parameter(_ call: Call, _ i: Int, _ sizes: [Int], _ axis: Int) throws(GraphError) -> Parameter {
    guard call.has(i) else { return .absent }
    let own = try call.sizes(i)
    if Array(own.drop { $0 == 1 }) == Array(sizes[axis...].drop { $0 == 1 }) { return .perElement }
    guard own.count <= sizes.count, zip(own.reversed(), sizes.reversed()).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw GraphError(.type, "operand \(i) does not broadcast to the data: \(own) and \(sizes)")
    }
    return .strided(broadcastStrides(of: own, to: sizes))
  }

  func apply<T: RowElement>(
    _ x: UnsafePointer<T>, _ mean: T, _ factor: T, _ scale: UnsafePointer<T>, _ bias: UnsafePointer<T>?, _ row: Int,
    _ y: UnsafeMutablePointer<T>
  ) {
    var (fastScale, fastBias): (UnsafePointer<T>?, UnsafePointer<T>?) = (nil, nil)
    if case .perElement = self.scale { fastScale = scale }
    if case .perElement = self.bias, fastScale != nil { fastBias = bias }
    T.normalize(x, count: count, mean: mean, factor: factor, scale: fastScale, bias: fastBias, into: y)
    if case .strided(let strides) = self.scale {
      let axes = StridedAxes(sizes: sizes, strides: strides)
      for i in 0..<count { y[i] *= scale[axes.offset(row * count + i)] }
    }
    guard let bias, fastBias == nil else { return }
    switch self.bias {
    case .perElement: for i in 0..<count { y[i] += bias[i] }
    case .strided(let strides):
      let axes = StridedAxes(sizes: sizes, strides: strides)
      for i in 0..<count { y[i] += bias[axes.offset(row * count + i)] }
    case .absent: break
    }
  }
}

extension LayerNormalization: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard cotangents.dropFirst().allSatisfy({ $0 == nil }) else {
      throw GraphError(.unsupported, "the gradient of the mean and deviation that it gives out is not known")
    }
    guard let dy = cotangents[0] else { return [] }
    return try g.normalizationPullback(node, dy, axis: axis, epsilon: epsilon, centred: true)
  }
}
