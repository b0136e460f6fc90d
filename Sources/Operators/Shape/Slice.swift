public import HoneIR

/// Every `steps`-th element from `starts` to `ends` along each of `axes`.
public struct Slice: MovementOp, SymbolicOp, UpgradableOp {
  public init() {}
  public static var since: Int { 10 }
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 10 else { return }
    for (i, name) in ["starts", "ends", "axes"].enumerated() { node.attributeToOperand(name, i + 1, in: &graph) }
  }

  /// One axis: where to start, how far to step, how many to take.
  struct Cut: Sendable {
    var start: Int
    var step: Int
    var count: Int

    init(_ size: Int, start: Int, end: Int, step: Int) throws(GraphError) {
      guard step != 0, step != .min else { throw GraphError(.type, "a step is \(step)") }
      func clamped(_ i: Int, _ low: Int, _ high: Int) -> Int { min(max(i < 0 ? i + size : i, low), high) }
      let bounds = step > 0 ? (0, size) : (-1, size - 1)
      let (first, last) = (clamped(start, bounds.0, bounds.1), clamped(end, bounds.0, bounds.1))
      let distance = step > 0 ? last - first : first - last
      let stride = abs(step)
      (self.start, self.step) = (first, step)
      count = distance > 0 ? (distance - 1) / stride + 1 : 0
      if count == 0 { self.start = 0 }
    }
  }

  /// The axes that are cut, or nil if they depend on data.
  private func axes(_ call: Call, rank: Int) throws(GraphError) -> [Int]? {
    if call.has(3) {
      guard let axes = call.integers(3) else { return nil }
      return try call.axes(axes, rank: rank)
    }
    let (starts, ends) = (try call.vectorLength(1), try call.vectorLength(2))
    guard let count = starts ?? ends else { return nil }
    guard count <= rank else { throw GraphError(.type, "\(count) starts for \(rank) axes") }
    return Array(0..<count)
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(3...5)
    let data = try call.tensor(0)
    guard var shape = data.shape else { return [.tensor(data)] }
    guard let axes = try axes(call, rank: shape.count) else {
      return [.tensor(data.with(shape: shape.map { _ in call.unknownSize() }))]
    }
    let (starts, ends) = (call.symbolic(1), call.symbolic(2))
    let steps = call.has(4) ? call.integers(4) : Array(repeating: 1, count: axes.count)
    for vector in [starts?.count, ends?.count, steps?.count] where (vector ?? axes.count) != axes.count {
      throw GraphError(.type, "starts, ends, axes and steps differ in length")
    }
    for (i, axis) in axes.enumerated() {
      shape[axis] = try size(of: shape[axis], starts?[i], ends?[i], steps?[i], call)
    }
    return [.tensor(data.with(shape: shape))]
  }

  /// The length of a cut through an axis of `size`. Sizes that are symbols are at least 1.
  private func size(
    of size: Dimension, _ start: Dimension?, _ end: Dimension?, _ step: Int?, _ call: Call
  ) throws(GraphError) -> Dimension {
    guard let start, let end, let step else { return call.unknownSize() }
    if let n = size.size, let a = start.size, let b = end.size {
      return Dimension(try Cut(n, start: a, end: b, step: step).count)
    }
    if step == -1, start == -1, let b = end.size, b <= Int(Int32.min) + 1 { return size }
    guard step == 1 else { return call.unknownSize() }
    let reachesEnd = end == size || (end.size ?? 0) >= Int(Int32.max)
    if reachesEnd && (start == 0 || start == size * -1) { return size }
    if reachesEnd && start == 1 { return size - 1 }
    if reachesEnd && (start == -1 || start == size - 1) { return 1 }
    if start == 0 && (end == -1 || end == size - 1) { return size - 1 }
    return call.unknownSize()
  }

  public func symbolicResult(_ call: Call) -> [Dimension]? {
    guard let elements = call.symbolicVector(0), let starts = call.integers(1), let ends = call.integers(2),
      starts.count == 1, ends.count == 1, let steps = call.has(4) ? call.integers(4) : [1], steps.count == 1,
      let cut = try? Cut(elements.count, start: starts[0], end: ends[0], step: steps[0])
    else { return nil }
    return (0..<cut.count).map { elements[cut.start + $0 * cut.step] }
  }

  /// The cut through each axis of an operand of `sizes`.
  private func cuts(_ call: Call, _ sizes: [Int]) throws(GraphError) -> [Cut] {
    let starts = try call.requireIntegers(1, "the starts")
    let ends = try call.requireIntegers(2, "the ends")
    let steps = call.has(4) ? try call.requireIntegers(4, "the steps") : Array(repeating: 1, count: starts.count)
    guard let axes = try axes(call, rank: sizes.count) else {
      throw GraphError(.dataDependent, "the axes depend on data")
    }
    guard starts.count == axes.count, ends.count == axes.count, steps.count == axes.count else {
      throw GraphError(.type, "starts, ends, axes and steps differ in length")
    }
    var cuts: [Cut] = []
    for size in sizes { cuts.append(try Cut(size, start: 0, end: size, step: 1)) }
    for (i, axis) in axes.enumerated() {
      cuts[axis] = try Cut(sizes[axis], start: starts[i], end: ends[i], step: steps[i])
    }
    return cuts
  }

  public func movement(_ call: Call) throws(GraphError) -> Kernel {
    var result = try call.sizes(0)
    var source = strides(of: result)
    var offset = 0
    for (axis, cut) in try cuts(call, result).enumerated() {
      offset += cut.start * source[axis]
      source[axis] = cut.count > 1 ? source[axis] * cut.step : source[axis]
      result[axis] = cut.count
    }
    var copies = CopyList()
    try copies.add(result, from: source, at: offset, to: strides(of: result), width: call.element(0).byteWidth)
    return copies.kernel()
  }
}

extension Slice: DifferentiableOp {
  public func pullback(_ node: Node, _ cotangents: [Value?], in g: inout Graph) throws(GraphError) -> [Value?] {
    guard let dy = cotangents[0] else { return [] }
    let (sizes, call) = (try g.sizes(of: node.operands[0]!), g.call(for: node))
    let cuts = try cuts(call, sizes)
    let reversed = cuts.indices.filter { cuts[$0].step < 0 && cuts[$0].count > 1 }
    var spread = dy
    if !reversed.isEmpty {
      func constant(_ number: Int) -> Value { g.constant(.integers(reversed.map { _ in number })) }
      let axes = g.constant(.integers(reversed))
      spread = try g.apply(Slice(), spread, constant(-1), constant(Int(Int32.min)), axes, constant(-1))
    }
    // The gaps between elements that were taken, as zeros behind each of them.
    for (axis, cut) in cuts.enumerated() where cut.count > 1 && abs(cut.step) > 1 {
      let step = abs(cut.step)
      var block = try g.sizes(of: spread)
      block.insert(1, at: axis + 1)
      var pads = Array(repeating: 0, count: 2 * block.count)
      pads[block.count + axis + 1] = step - 1
      let padded = try g.apply(Pad(), g.shaped(spread, block), g.constant(.integers(pads)))
      block.remove(at: axis + 1)
      block[axis] *= step
      spread = try g.shaped(padded, block)
    }
    let spans = try g.sizes(of: spread)
    let begins = cuts.map { $0.step < 0 && $0.count > 1 ? $0.start + ($0.count - 1) * $0.step : $0.start }
    let ends = sizes.indices.map { sizes[$0] - begins[$0] - spans[$0] }
    guard (begins + ends).contains(where: { $0 != 0 }) else { return [spread] }
    return [try g.apply(Pad(), spread, g.constant(.integers(begins + ends)))]
  }
}
