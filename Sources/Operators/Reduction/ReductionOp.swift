public import HoneIR
import HoneKernels

/// An operator that brings the elements along some axes together.
///
/// Operands: the data, and the axes; without axes, all are reduced, or none if `noop_with_empty_axes`.
public protocol ReductionOp: ExecutableOp, UpgradableOp, SymbolicOp {
  var keepdims: Bool { get }
  var noop_with_empty_axes: Bool { get }
  static var reduction: Reduction { get }
}

/// What a reduction computes: elements are prepared, accumulated, and the result is finished.
public enum Reduction: Sendable {
  case sum, mean, max, min, product, l1, l2, sumSquare, logSum, logSumExp

  var accumulation: Accumulation {
    switch self {
    case .sum, .mean, .logSum, .logSumExp: .sum
    case .max: .max
    case .min: .min
    case .product: .product
    case .l1: .sumAbs
    case .l2, .sumSquare: .sumSquare
    }
  }
  /// The result is the accumulated value itself.
  var isPlain: Bool {
    switch self {
    case .sum, .max, .min, .product, .l1, .sumSquare: true
    case .mean, .l2, .logSum, .logSumExp: false
    }
  }
}

extension ReductionOp {
  public static var since: Int { 18 }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    node.attributeToOperand("axes", 1, in: &graph)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...2)
    let data = try call.tensor(0)
    guard call.has(1), call.known(1) == nil, call.symbolic(1)?.contains(where: { $0.size == nil }) ?? true else {
      guard let shape = data.shape else { return [.tensor(data.element, nil)] }
      let axes = try axes(call.symbolic(1)?.compactMap(\.size) ?? [], rank: shape.count)
      return [.tensor(data.element, reducedShape(shape, axes, keepdims))]
    }
    guard let shape = data.shape else { return [.tensor(data.element, nil)] }
    if keepdims { return [.tensor(data.element, shape.map { $0 == 1 ? 1 : call.unknownSize() })] }
    guard let count = try call.shape(1)?.first?.size, count > 0, count <= shape.count else {
      return [.tensor(data.element, nil)]
    }
    return [.tensor(data.element, (0..<shape.count - count).map { _ in call.unknownSize() })]
  }

  /// Sums and products of sizes.
  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let data = call.symbolic(0), let rank = call.operands[0]?.type.tensor?.rank, rank <= 1 else { return nil }
    guard !call.has(1) || call.known(1) != nil, let axes = try? axes(call.known(1)?.integers ?? [], rank: rank) else {
      return nil
    }
    if axes.isEmpty { return Self.reduction == .sum || Self.reduction == .product ? data : nil }
    switch Self.reduction {
    case .sum: return [data.reduce(0, +)]
    case .product: return [data.reduce(1, *)]
    default: return nil
    }
  }

  private func axes(_ given: [Int], rank: Int) throws(GraphError) -> Set<Int> {
    if given.isEmpty { return noop_with_empty_axes ? [] : Set(0..<rank) }
    var axes = Set<Int>()
    for axis in given { axes.insert(try normalizedAxis(axis, rank: rank)) }
    return axes
  }

  /// The axes that `node` reduces, which must be known.
  func axes(of node: Node, in graph: Graph) throws(GraphError) -> Set<Int> {
    let rank = try graph.sizes(of: node.operands[0]!).count
    guard let operand = node.operands.optional(1) else { return try axes([], rank: rank) }
    guard let known = graph.constant(operand) else { throw GraphError(.unsupported, "the axes depend on data") }
    return try axes(known.integers, rank: rank)
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let given = call.has(1) ? try call.requireKnown(1, "the axes").integers : []
    let layout = ReductionLayout(sizes, reducing: try axes(given, rank: sizes.count))
    let reduction = Self.reduction
    switch try call.element(0) {
    case .float32: return reductionKernel(Float.self, reduction, layout)
    case .float64: return reductionKernel(Double.self, reduction, layout)
    case .float16, .bfloat16:
      return try converted(call, to: .float32) { _ throws(GraphError) in reductionKernel(Float.self, reduction, layout)
      }
    case .int32: return reductionKernel(Int32.self, reduction, layout)
    case .int64: return reductionKernel(Int64.self, reduction, layout)
    case .uint32: return reductionKernel(UInt32.self, reduction, layout)
    case .uint64: return reductionKernel(UInt64.self, reduction, layout)
    case .int8: return reductionKernel(Int8.self, reduction, layout)
    case .uint8: return reductionKernel(UInt8.self, reduction, layout)
    case .bool where reduction == .max: return reductionKernel(UInt8.self, reduction, layout, start: 0)
    case .bool where reduction == .min: return reductionKernel(UInt8.self, reduction, layout, start: 1)
    case let element: throw GraphError(.unsupported, "has no kernel for \(element.rawValue)")
    }
  }
}

extension ReductionOp {
  /// The cotangent of a maximum or minimum is shared by the elements that attain it.
  func extremePullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let x = node.operands[0]!
    let axes = try axes(of: node, in: g)
    let isExtreme = try g.apply(Equal(), x, g.kept(node.result, of: x, reducing: axes))
    let shares = try g.apply(Where(), isExtreme, g.number(1, like: x), g.number(0, like: x))
    var sum = ReduceSum()
    sum.noop_with_empty_axes = true
    let count = try g.apply(sum, shares, g.constant(.integers(axes.sorted())))
    return [try g.apply(Mul(), shares, g.apply(Div(), g.kept(dy, of: x, reducing: axes), count))]
  }
}

func normalizedAxis(_ axis: Int, rank: Int) throws(GraphError) -> Int {
  guard axis >= -rank, axis < rank else { throw GraphError(.attribute, "axis \(axis) is outside −\(rank)…\(rank - 1)") }
  return axis < 0 ? axis + rank : axis
}

/// `shape` with `axes` reduced: of size 1 if they are kept, else gone.
func reducedShape(_ shape: [Dimension], _ axes: Set<Int>, _ keepdims: Bool) -> [Dimension] {
  shape.indices.compactMap { axis in axes.contains(axis) ? (keepdims ? 1 : nil) : shape[axis] }
}
