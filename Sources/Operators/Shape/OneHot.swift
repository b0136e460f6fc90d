public import HoneIR
import HoneKernels

/// y[…, c, …] = indices[…] = c ? on : off, with `values` = [off, on] and the new axis of size `depth` at `axis`.
public struct OneHot: MovementOp {
  public var axis = -1
  public init() {}
  public static var since: Int { 9 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...3)
    let element = try call.element(2)
    guard let indices = try call.shape(0) else { return [.tensor(element, nil)] }
    let axis = try call.axis(axis, rank: indices.count + 1)
    var shape = indices
    shape.insert(try depth(call) ?? call.unknownSize(), at: axis)
    return [.tensor(element, shape)]
  }

  private func depth(_ call: Call) throws(GraphError) -> Dimension? {
    guard let known = call.known(1) else { return call.symbolic(1)?.first }
    guard known.elementCount == 1 else { throw GraphError(.type, "the depth must be one number, is \(known)") }
    let depth = known.integer(at: 0)
    guard depth >= 0 else { throw GraphError(.input, "the depth is \(depth)") }
    return Dimension(depth)
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let axis = try call.axis(axis, rank: sizes.count + 1)
    let depth = try call.resultSizes()[axis]
    guard try call.tensor(2).elementCount == 2 else {
      throw GraphError(.type, "values must be [off, on], are \(try call.tensor(2))")
    }
    let element = try call.element(0)
    guard NumberReader.reads(element) else { throw GraphError(.unsupported, "indices of type \(element.rawValue)") }
    let (outer, inner) = (sizes[..<axis].reduce(1, *), sizes[axis...].reduce(1, *))
    let width = try call.element(2).byteWidth
    return Kernel(tasks: outer) { frame, range in
      let (indices, values) = (frame.operandBytes(0), frame.operandBytes(2))
      for i in range where i < outer {
        let block = frame.resultBytes() + i * depth * inner * width
        fillElements(block, with: values, width: width, count: depth * inner)
        for j in 0..<inner {
          var index = NumberReader.integer(indices, i * inner + j, element)
          if index < 0 { index &+= depth }
          guard index >= 0, index < depth else { continue }
          moveElement(block + (index * inner + j) * width, values + width, width)
        }
      }
    }
  }
}

extension OneHot: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let values = node.operands[2]!
    let element = g.tensorType(of: values).element
    let marks = Tensor(TensorType(element, [2])) { NumberReader.store(1, $0.baseAddress!, 1, element) }
    let mask = try g.apply(self, node.operands[0], node.operands[1], g.constant(marks))
    var total = ReduceSum()
    total.keepdims = false
    let on = try g.apply(total, g.apply(Mul(), dy, mask))
    let off = try g.apply(Sub(), g.apply(total, dy), on)
    return [nil, nil, try g.apply(Concat(), g.shaped(off, [1]), g.shaped(on, [1]))]
  }
}
