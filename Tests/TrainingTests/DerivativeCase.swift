import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// An operator on operands whose pullback is compared with differences of its results.
struct DerivativeCase: Sendable, CustomTestStringConvertible {
  var op: any Op
  var operands: [Tensor?]
  var resultCount = 1
  /// Floating-point operands that the operator treats as constants.
  var fixed: Set<Int> = []
  var note = ""

  init(_ op: any Op, _ operands: Tensor?..., results: Int = 1, fixed: Set<Int> = [], note: String = "") {
    (self.op, self.operands, resultCount, self.fixed, self.note) = (op, operands, results, fixed, note)
  }
  var testDescription: String { "\(op.name) \(note)" }

  /// `op` with other attributes.
  static func with<O: Op>(_ op: O, _ change: (inout O) -> Void) -> O {
    var op = op
    change(&op)
    return op
  }

  /// Numbers from −1 to 1, all different, their distances far larger than the steps of differences, in an order of their own.
  static func numbers(_ sizes: Int..., seed: Int = 1, element: ElementType = .float64) -> Tensor {
    let count = sizes.reduce(1, *)
    var order = Array(0..<count)
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15
    for i in order.indices.reversed() {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      order.swapAt(i, Int(state >> 33) % (i + 1))
    }
    let values = order.map { (Double($0) + 0.37) / Double(max(count, 1)) * 2 - 1 }
    return element == .float64 ? Tensor(values, shape: sizes) : Tensor(values.map { Float($0) }, shape: sizes)
  }

  /// The cotangents of all operands by the pullback, and by central differences.
  struct Comparison {
    var operand: Int
    var pulled: [Double]
    var differences: [Double]
    /// The largest difference, as a share of the largest cotangent.
    var error: Double {
      let largest = differences.map(abs).max() ?? 0
      return (zip(pulled, differences).map { abs($0 - $1) }.max() ?? 0) / max(largest, 1)
    }
  }

  func compare(step: Double = 1e-5) throws -> [Comparison] {
    let moved = operands.indices.filter { operands[$0]?.element.isFloatingPoint == true && !fixed.contains($0) }
    let forward = try graph { $1 }
    let given = moved.map { operands[$0]! }
    let session = Session(forward)
    let results = try session.run(given)
    let cotangents = results.enumerated().map { i, result -> Tensor? in
      guard result.element.isFloatingPoint else { return nil }
      let values = Self.numbers(result.elementCount, seed: 77 + i).doubles
      return result.element == .float64
        ? Tensor(values, shape: result.sizes) : Tensor(values.map { Float($0) }, shape: result.sizes)
    }
    let pulled = try pull(cotangents, given)
    return try moved.enumerated().map { place, operand in
      let tensor = given[place]
      var inputs = given
      let differences = try (0..<tensor.elementCount).map { i in
        var sums: [Double] = []
        for sign in [1.0, -1.0] {
          var values = tensor.doubles
          values[i] += sign * step
          inputs[place] =
            tensor.element == .float64
            ? Tensor(values, shape: tensor.sizes) : Tensor(values.map { Float($0) }, shape: tensor.sizes)
          let shifted = try session.run(inputs)
          sums.append(
            zip(shifted, cotangents).reduce(0) { sum, pair in
              guard let cotangent = pair.1 else { return sum }
              return sum + zip(pair.0.doubles, cotangent.doubles).reduce(0) { $0 + $1.0 * $1.1 }
            })
        }
        inputs[place] = tensor
        return (sums[0] - sums[1]) / (2 * step)
      }
      return Comparison(
        operand: operand, pulled: pulled[operand] ?? differences.map { _ in 0 }, differences: differences)
    }
  }

  /// What the operator gives.
  func results() throws -> [Tensor] {
    let moved = operands.indices.filter { operands[$0]?.element.isFloatingPoint == true && !fixed.contains($0) }
    return try Session(graph { $1 }).run(moved.map { operands[$0]! })
  }

  /// The operator alone; `outputs` chooses among node and results.
  private func graph(_ outputs: (inout Graph, [Value]) throws -> [Value]) throws -> Graph {
    var graph = Graph()
    let values = operands.enumerated().map { i, operand -> Value? in
      guard let operand else { return nil }
      let isMoved = operand.element.isFloatingPoint && !fixed.contains(i)
      return isMoved ? graph.input("operand \(i)", operand.type) : graph.constant(operand)
    }
    let results = try graph.apply(op, values, resultCount: resultCount)
    graph.outputs = try outputs(&graph, results)
    return graph
  }

  /// The cotangents that the pullback gives operands, by their places.
  func pull(_ cotangents: [Tensor?], _ given: [Tensor], threads: Int = 1) throws -> [Int: [Double]] {
    var places: [Int] = []
    let graph = try graph { graph, results in
      let arriving = cotangents.map { cotangent in cotangent.map { graph.input("cotangent", $0.type) } }
      let node = try #require(graph.producer(of: results[0]))
      let differentiable = try #require(node.op as? any DifferentiableOp)
      let leaving = try differentiable.pullback(node, arriving, in: &graph)
      var outputs: [Value] = []
      for (i, value) in leaving.enumerated() {
        guard let value else { continue }
        #expect(graph.tensorType(of: value).sizes == operands[i]?.sizes, "\(testDescription): operand \(i)")
        #expect(graph.tensorType(of: value).element == operands[i]?.element)
        places.append(i)
        outputs.append(try graph.apply(Identity(), value))
      }
      return outputs
    }
    guard !places.isEmpty else { return [:] }
    let results = try Session(graph, threads: threads).run(given + cotangents.compactMap { $0 })
    return Dictionary(uniqueKeysWithValues: zip(places, results.map(\.doubles)))
  }
}
