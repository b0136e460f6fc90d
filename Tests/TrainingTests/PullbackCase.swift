import HoneIR
import HoneOperators
import HoneRuntime
<<<<<<< HEAD
<<<<<<< HEAD
=======
>>>>>>> h-shape
import Testing

/// An operator on operands whose pullback is compared with differences of its results.
struct PullbackCase: Sendable, CustomTestStringConvertible {
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
<<<<<<< HEAD
=======
import HoneTraining
import Testing

/// One application of an operator whose pullback is compared with central differences.
struct PullbackCase: Sendable, CustomTestStringConvertible {
  enum Operand: Sendable {
    /// Random numbers of a range, with a gradient that is checked.
    case random([Int], ClosedRange<Double> = -1...1)
    /// Numbers with a gradient that is checked, in float64.
    case given(Tensor)
    /// What the operator is told and has no gradient.
    case constant(Tensor)
    /// Random numbers without a gradient.
    case fixed([Int])
    case absent
  }
  var op: any DifferentiableOp
  var operands: [Operand]
  var resultCount = 1
  /// For values of order 1.
  var tolerance = 1e-6
  /// How far float32 may be from float64.
  var singleTolerance = 1e-4
  /// Whether the kernels of forward and backward run in float64.
  var isDouble = true

  init(
    _ op: any DifferentiableOp, _ operands: Operand..., resultCount: Int = 1, tolerance: Double = 1e-6,
    singleTolerance: Double = 1e-4, isDouble: Bool = true
  ) {
    (self.op, self.operands, self.resultCount) = (op, operands, resultCount)
    (self.tolerance, self.singleTolerance, self.isDouble) = (tolerance, singleTolerance, isDouble)
  }

  var testDescription: String { "\(op)" }
}

/// Reproducible numbers, away from the kinks that functions have at multiples of ½.
struct Numbers {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func unit() -> Double {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Double(state >> 11) * 0x1p-53
  }
  mutating func tensor(_ sizes: [Int], _ range: ClosedRange<Double> = -1...1) -> Tensor {
    let values = (0..<sizes.reduce(1, *)).map { _ in
      let value = range.lowerBound + (range.upperBound - range.lowerBound) * unit()
      let distance = abs(2 * value - (2 * value).rounded())
      return distance < 0.02 ? value + 0.015 : value
    }
    return Tensor(values, shape: sizes)
  }
}

/// The scalar Σ cotangent · result of a case, as a function of the operands that have gradients.
struct PullbackGraph {
  private(set) var graph = Graph()
  private(set) var inputs: [Value] = []
  private(set) var values: [Tensor] = []
  private(set) var loss: Value?
  /// The operator's node.
  private(set) var node: Node?

  init(_ item: PullbackCase, _ element: ElementType) throws {
    var numbers = Numbers(7)
    var operands: [Value?] = []
    for (i, operand) in item.operands.enumerated() {
      switch operand {
      case .random(let sizes, let range): operands.append(input(numbers.tensor(sizes, range), element, i))
      case .given(let tensor): operands.append(input(tensor, element, i))
      case .constant(let tensor):
        let isNumber = tensor.element == .float64
        operands.append(graph.constant(isNumber ? Self.converted(tensor, element) : tensor))
      case .fixed(let sizes): operands.append(graph.constant(Self.converted(numbers.tensor(sizes), element)))
      case .absent: operands.append(nil)
      }
    }
    let results = try graph.apply(item.op, operands, resultCount: item.resultCount)
    node = graph.producer(of: results[0])
    for result in results where graph.tensorType(of: result).element.isFloatingPoint {
      let sizes = try graph.sizes(of: result)
      let cotangent = graph.constant(
        Self.converted(numbers.tensor(sizes), graph.tensorType(of: result).element))
      let product = try graph.apply(Mul(), result, cotangent)
      var total = ReduceSum()
      total.keepdims = false
      let sum = try graph.apply(total, product, graph.constant(.integers(Array(sizes.indices))))
      loss = try loss.map { before throws(GraphError) in try graph.apply(Add(), before, sum) } ?? sum
    }
  }

  private mutating func input(_ tensor: Tensor, _ element: ElementType, _ index: Int) -> Value {
    values.append(Self.converted(tensor, element))
    inputs.append(graph.input("x\(index)", TensorType(element, tensor.sizes)))
    return inputs[inputs.count - 1]
  }

  static func converted(_ tensor: Tensor, _ element: ElementType) -> Tensor {
    element == .float32 ? Tensor(tensor.floats, shape: tensor.sizes) : tensor
  }

  /// The gradients of all inputs; zeros for those without one.
  func gradients() throws -> [[Double]] {
    var graph = graph
    let gradients = try graph.appendGradients(of: loss!, for: inputs)
    graph.outputs = gradients.compactMap(\.self)
    var results = graph.outputs.isEmpty ? [] : try Session(graph).run(values)[...]
    return zip(gradients, values).map { gradient, value in
      gradient == nil ? [Double](repeating: 0, count: value.elementCount) : results.removeFirst().doubles
    }
  }

  /// Central differences of the loss.
  func differences(step: Double) throws -> [[Double]] {
    var graph = graph
    graph.outputs = [loss!]
    let session = Session(graph)
    return try values.indices.map { i in
      let middle = values[i].doubles
      return try middle.indices.map { j in
        let ends = try [step, -step].map { change in
          var moved = middle
          moved[j] += change
          var operands = values
          operands[i] = Self.converted(Tensor(moved, shape: values[i].sizes), values[i].element)
          return try session.run(operands)[0].double(at: 0)
        }
        return (ends[0] - ends[1]) / (2 * step)
      }
    }
  }
}

/// The largest |a − b| / (1 + |b|).
func distance(_ a: [[Double]], _ b: [[Double]]) -> Double {
  zip(a.joined(), b.joined()).reduce(a.map(\.count) == b.map(\.count) ? 0 : .infinity) { worst, pair in
    let difference = abs(pair.0 - pair.1) / (1 + abs(pair.1))
    return difference.isNaN ? .infinity : max(worst, difference)
>>>>>>> h-math
=======
>>>>>>> h-shape
  }
}
