import HoneIR
import HoneOperators

extension Simplify {
  /// Pads that do nothing, and pads that the window after them can do.
  static let padding: [Rule] = [
    Rule("Pad by 0 → x", on: Pad.self) { (_, node, graph) in
      guard let pads = graph.integers(node.operands[1]), pads.allSatisfy({ $0 == 0 }) else { return nil }
      return node.operands[0]
    },
    Rule("Conv(Pad(x)) → Conv(x)", on: Conv.self) { (conv, node, graph) throws(GraphError) in
      guard conv.auto_pad == .notSet || conv.auto_pad == .valid,
        let padded = graph.spatialPads(of: node.operands[0], value: 0)
      else { return nil }
      var merged = conv
      merged.pads = sum(conv.auto_pad == .valid ? [] : conv.pads, padded.pads)
      merged.auto_pad = .notSet
      return try graph.apply(merged, [padded.source] + node.operands.dropFirst(), insteadOf: node)
    },
    Rule("AveragePool(Pad(x)) → AveragePool(x)", on: AveragePool.self) { (pool, node, graph) throws(GraphError) in
      guard pool.auto_pad == .notSet || pool.auto_pad == .valid, !pool.ceil_mode,
        let padded = graph.spatialPads(of: node.operands[0], value: 0)
      else { return nil }
      let own = pool.auto_pad == .valid ? [] : pool.pads
      guard pool.count_include_pad || own.allSatisfy({ $0 == 0 }) else { return nil }
      var merged = pool
      merged.pads = sum(own, padded.pads)
      // Zeros that were elements before must still count.
      (merged.auto_pad, merged.count_include_pad) = (.notSet, true)
      guard merged.padsAreBelowKernel else { return nil }
      return try graph.apply(merged, [padded.source], insteadOf: node)
    },
    Rule("MaxPool(Pad(x)) → MaxPool(x)", on: MaxPool.self) { (pool, node, graph) throws(GraphError) in
      guard pool.auto_pad == .notSet || pool.auto_pad == .valid, !pool.ceil_mode, node.results.count == 1,
        let padded = graph.spatialPads(of: node.operands[0], value: -.infinity)
          ?? (graph.isNeverNegative(node.operands[0]) ? graph.spatialPads(of: node.operands[0], value: 0) : nil)
      else { return nil }
      var merged = pool
      merged.pads = sum(pool.auto_pad == .valid ? [] : pool.pads, padded.pads)
      merged.auto_pad = .notSet
      guard zip(merged.pads, merged.kernel_shape + merged.kernel_shape).allSatisfy({ $0 < $1 }) else { return nil }
      return try graph.apply(merged, [padded.source], insteadOf: node)
    },
  ]

  private static func sum(_ a: [Int], _ b: [Int]) -> [Int] { a.isEmpty ? b : zip(a, b).map { $0 + $1 } }
}

extension AveragePool {
  /// What ONNX Runtime asks of pools: no window lies in the padding alone.
  fileprivate var padsAreBelowKernel: Bool { zip(pads, kernel_shape + kernel_shape).allSatisfy { $0 < $1 } }
}

extension Graph {
  /// The source and spatial pads (begins, then ends) of `value`, if it is padded by `number` there and only read here.
  fileprivate func spatialPads(of value: Value?, value number: Double) -> (source: Value, pads: [Int])? {
    guard let (pad, node) = soleProducer(of: value, as: Pad.self), pad.mode == .constant, let source = node.operands[0],
      let rank = rank(of: source), rank > 2, let given = integers(node.operands[1]), given.allSatisfy({ $0 >= 0 })
    else { return nil }
    let isGiven = node.operands.count > 2 && node.operands[2] != nil
    guard
      isGiven
        ? scalar(node.operands[2]) == number || (number == -.infinity && scalar(node.operands[2]) ?? 0 <= -3.4e38)
        : number == 0
    else { return nil }
    var begins = [Int](repeating: 0, count: rank)
    var ends = begins
    let axes = node.operands.count > 3 && node.operands[3] != nil ? integers(node.operands[3]) : Array(0..<rank)
    guard let axes, given.count == 2 * axes.count else { return nil }
    for (i, axis) in axes.enumerated() {
      let axis = axis < 0 ? axis + rank : axis
      (begins[axis], ends[axis]) = (given[i], given[axes.count + i])
    }
    guard begins[0] == 0, begins[1] == 0, ends[0] == 0, ends[1] == 0 else { return nil }
    return (source, Array(begins[2...] + ends[2...]))
  }

  /// The elements of the padded value come from a Relu.
  fileprivate func isNeverNegative(_ value: Value?) -> Bool {
    guard let value, let pad = producer(of: value), let source = pad.operands.first ?? nil,
      let node = producer(of: source)
    else { return false }
    return node.op is Relu || node.op is Sigmoid || (node.op is Clip && (clipRange(node)?.low ?? -1) >= 0)
  }
}
