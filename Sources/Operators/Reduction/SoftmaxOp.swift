public import HoneIR
import HoneKernels

/// An operator that normalizes along one axis and keeps the shape.
public protocol SoftmaxOp: ExecutableOp, UpgradableOp {
  var axis: Int { get set }
  init()
}

extension SoftmaxOp {
  public static var since: Int { 13 }

  /// Before opset 13, all axes from `axis` on, 1 unless given, are normalized together.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 13, let x = node.operands.first ?? nil else { return }
    let axis = node.attributes["axis"]?.int ?? 1
    var op = Self()
    if let shape = graph.tensorType(of: x).shape, axis >= -shape.count, axis < shape.count {
      let first = axis < 0 ? axis + shape.count : axis
      if shape[(first + 1)...].allSatisfy({ $0 == 1 }) {
        node.attributes["axis"] = .int(first)
        return
      }
    }
    op.axis = 1
    var flatten = Flatten()
    flatten.axis = axis
    let matrix = try graph.apply(flatten, x)
    let y = try graph.apply(op, matrix, named: node.name)
    node.replacement = [try graph.apply(Reshape(), y, graph.apply(Shape(), x))]
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let type = try call.tensor(0)
    if let rank = type.rank { _ = try call.axis(axis, rank: rank) }
    return [.tensor(type)]
  }
  func layout(_ call: Call) throws(GraphError) -> AxisLayout {
    let sizes = try call.sizes(0)
    return AxisLayout(sizes, axis: try call.axis(axis, rank: sizes.count))
  }
}

/// Columns that one task normalizes together.
private let columnBlock = 256

func softmaxKernel<T: RowElement>(_: T.Type, _ layout: AxisLayout, logarithm: Bool) -> Kernel {
  let size = layout.count * layout.inner
  if layout.inner == 1 {
    let machine = InstructionSet.current
    return Kernel(tasks: layout.outer, overwrites: [0: 0]) { frame, range in
      let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
      if T.self == Float.self, size * layout.outer > 0 {
        machine.softmaxRows(
          frame.operand(0, as: Float.self) + range.lowerBound * size, rows: range.count, count: size,
          logarithm: logarithm,
          into: frame.result(0, as: Float.self) + range.lowerBound * size)
        return
      }
      for row in range where size * layout.outer > 0 {
        T.softmax(x + row * size, count: size, logarithm: logarithm, into: y + row * size)
      }
    }
  }
  let blocks = max((layout.inner + columnBlock - 1) / columnBlock, 1)
  return Kernel(tasks: layout.outer * blocks, overwrites: [0: 0]) { frame, range in
    let (x, y) = (frame.operand(0, as: T.self), frame.result(0, as: T.self))
    for task in range where size * layout.outer > 0 {
      let from = task % blocks * columnBlock
      let start = task / blocks * size + from
      T.softmaxColumns(
        x + start, stride: layout.inner, rows: layout.count, count: min(columnBlock, layout.inner - from),
        logarithm: logarithm, into: y + start)
    }
  }
}
