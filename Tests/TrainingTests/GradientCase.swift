import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// One application of an operator whose pullback is compared with central differences.
struct GradientCase: Sendable, CustomTestStringConvertible {
  enum Operand: Sendable {
    /// Random numbers of a range, with a gradient that is checked.
    case random([Int], ClosedRange<Double> = -1...1)
    /// CaseNumbers with a gradient that is checked, in float64.
    case given(Tensor)
    /// What the operator is told and has no gradient.
    case constant(Tensor)
    /// Random numbers without a gradient.
    case fixed([Int])
    case absent
  }
  var op: any Op
  var operands: [Operand]
  var resultCount = 1
  /// For values of order 1.
  var tolerance = 1e-6
  /// How far float32 may be from float64.
  var singleTolerance = 1e-4
  /// Whether the kernels of forward and backward run in float64.
  var isDouble = true

  init(
    _ op: any Op, _ operands: Operand..., resultCount: Int = 1, tolerance: Double = 1e-6,
    singleTolerance: Double = 1e-4, isDouble: Bool = true
  ) {
    (self.op, self.operands, self.resultCount) = (op, operands, resultCount)
    (self.tolerance, self.singleTolerance, self.isDouble) = (tolerance, singleTolerance, isDouble)
  }

  var testDescription: String { "\(op)" }
}

/// Reproducible numbers, away from the kinks that functions have at multiples of ½.
struct CaseNumbers {
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
struct GradientCaseGraph {
  private(set) var graph = Graph()
  private(set) var inputs: [Value] = []
  private(set) var values: [Tensor] = []
  private(set) var loss: Value?
  /// The operator's node.
  private(set) var node: Node?

  init(_ item: GradientCase, _ element: ElementType) throws {
    var numbers = CaseNumbers(7)
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
  }
}
