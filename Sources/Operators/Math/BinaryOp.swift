public import HoneIR
public import HoneKernels

/// An operator that applies one function to elements of two operands of the same type, which broadcast.
public protocol BinaryOp: ExecutableOp, ElementwiseOp, UpgradableOp {
  var function: BinaryFunction { get }
}

extension BinaryOp {
  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(2...2)
    return [.tensor(try broadcastType(call, 0..<2))]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel { try binaryKernel(function, call) }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    try node.upgradeBroadcast(from: version, in: &graph)
  }
}

/// The type that operands of equal element types broadcast to.
func broadcastType(_ call: Call, _ operands: Range<Int>) throws(GraphError) -> TensorType {
  let first = try call.tensor(operands.lowerBound)
  var shapes: [[Dimension]?] = []
  for i in operands {
    let type = try call.tensor(i)
    guard type.element == first.element else {
      throw GraphError(.type, "element types differ: \(first.element.rawValue) and \(type.element.rawValue)")
    }
    shapes.append(type.shape)
  }
  return TensorType(first.element, try broadcast(shapes))
}

/// The walk over operands that broadcast to the result.
func elementwiseLoop(_ call: Call, _ operands: Range<Int>) throws(GraphError) -> ElementwiseLoop {
  let sizes = try call.resultSizes()
  var strides: [[Int]] = []
  for i in operands { strides.append(broadcastStrides(of: try call.sizes(i), to: sizes)) }
  return ElementwiseLoop(sizes: sizes, strides: strides)
}

/// An operand among `candidates` that the result may overwrite: one with the result's element width and count.
func overwritable(_ call: Call, _ candidates: Range<Int>) throws(GraphError) -> [Int: Int] {
  let result = try call.result()
  for i in candidates where call.known(i) == nil {
    let type = try call.tensor(i)
    if type.element.bitWidth == result.element.bitWidth, type.elementCount == result.elementCount { return [0: i] }
  }
  return [:]
}

/// The kernel of `function` from operands 0 and 1 to result 0.
func binaryKernel(_ function: BinaryFunction, _ call: Call) throws(GraphError) -> Kernel {
  let element = try call.element(0)
  guard let type = element.scalarType, function.supports(type) else { throw .unsupported(element) }
  let loop = try elementwiseLoop(call, 0..<2)
  let machine = InstructionSet.current
  return Kernel(tasks: loop.taskCount, overwrites: try overwritable(call, 0..<2)) { frame, tasks in
    let isWhole = machine.binary(
      function, type, frame.operandBytes(0), frame.operandBytes(1), frame.resultBytes(), loop, tasks)
    if !isWhole { frame.fail(.divisionByZero) }
  }
  .byRows(
    try elementwiseRows(call, 0..<2, loop) { frame, slices, count in
      let isWhole = machine.binary(
        function, type, frame.operandBytes(0), frame.operandBytes(1), frame.resultBytes(), loop, slices: slices,
        of: count)
      if !isWhole { frame.fail(.divisionByZero) }
    })
}

/// The promise that rows along axis 1 can be computed alone, for results of three axes and more; `run` computes some of
/// `count` slices of all images.
func elementwiseRows(
  _ call: Call, _ operands: Range<Int>, _ loop: ElementwiseLoop,
  _ run: @escaping @Sendable (borrowing Frame, _ slices: Range<Int>, _ count: Int) -> Void
) throws(GraphError) -> Kernel.Rows? {
  let sizes = try call.resultSizes()
  guard sizes.count >= 3, !sizes.contains(0), loop.divides(into: sizes[0] * sizes[1]) else { return nil }
  let (images, rows) = (sizes[0], sizes[1])
  var windows: [Int: Kernel.RowWindow] = [:]
  for i in operands {
    let own = try call.sizes(i)
    if own.count == sizes.count, own.prefix(2) == sizes.prefix(2) { windows[i] = Kernel.RowWindow(count: rows) }
  }
  return Kernel.Rows(images: images, count: rows, windows: windows) { frame, image, range in
    run(frame, image * rows + range.lowerBound..<image * rows + range.upperBound, images * rows)
  }
}

extension NodeDraft {
  /// Before opset 7 operand 1 broadcast only on request, and from the axis that attribute `axis` named.
  mutating func upgradeBroadcast(from version: Int, in graph: inout Graph) throws(GraphError) {
    attributes["consumed_inputs"] = nil
    guard version < 7 else { return }
    let isBroadcast = attributes.removeValue(forKey: "broadcast")?.int ?? 0
    guard let axis = attributes.removeValue(forKey: "axis")?.int, isBroadcast != 0, has(0), has(1) else { return }
    guard let rank = graph.tensorType(of: operands[0]!).rank, let own = graph.tensorType(of: operands[1]!).rank else {
      throw GraphError(.unsupported, "attribute ‘axis’ on an operand of unknown rank is not supported")
    }
    let first = axis < 0 ? axis + rank : axis
    guard first >= 0, first + own <= rank else {
      throw GraphError(.attribute, "axis \(axis) does not fit ranks \(rank) and \(own)")
    }
    operands[1] = try graph.appendAxes(rank - first - own, to: operands[1]!)
  }
}

extension Graph {
  /// `value` with `count` axes of size 1 behind its own.
  mutating func appendAxes(_ count: Int, to value: Value) throws(GraphError) -> Value {
    guard count > 0 else { return value }
    if let tensor = constant(value) {
      return constant(tensor.reshaped(tensor.sizes + Array(repeating: 1, count: count)))
    }
    guard let unsqueeze = Catalog.find("Unsqueeze") else {
      throw GraphError(.unsupported, "Unsqueeze is not supported")
    }
    let axes = constant(Tensor.integers((0..<count).map { $0 - count }))
    return try apply(unsqueeze.init(), value, axes)
  }
}
