public import HoneIR

/// The middle of the operand cut out, or zeros put around it, so that `axes` get the sizes of operand 1.
public struct CenterCropPad: MovementOp {
  public var axes: [Int]?
  public init() {}
  public static var since: Int { 18 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    let data = try call.tensor(0)
    guard var shape = data.shape else { return [.tensor(data)] }
    let axes = try call.axes(axes ?? Array(0..<shape.count), rank: shape.count)
    let target = call.symbolic(1)
    if let target, target.count != axes.count {
      throw GraphError(.type, "\(target.count) sizes for \(axes.count) axes")
    }
    for (i, axis) in axes.enumerated() { shape[axis] = target?[i] ?? call.unknownSize() }
    return [.tensor(data.with(shape: try checked(shape)))]
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let (sizes, result) = (try call.sizes(0), try call.resultSizes())
    var maps: [[Int]?] = []
    for (target, size) in zip(result, sizes) {
      let begin = (target - size) / 2
      let axis = PaddedAxis(size: size, begin: begin, end: target - size - begin, mode: .constant)
      maps.append(target == size ? nil : try axis.map())
    }
    return MappedCopy(sizes, maps: maps, width: try call.element(0).byteWidth).kernel()
  }
}

extension CenterCropPad: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (sizes, result) = (try g.sizes(of: node.operands[0]!), try g.sizes(of: dy))
    let begins = zip(result, sizes).map { ($0 - $1) / 2 }
    let ends = sizes.indices.map { result[$0] - sizes[$0] - begins[$0] }
    return [try g.apply(Pad(), dy, g.constant(.integers((begins + ends).map { -$0 })))]
  }
}
