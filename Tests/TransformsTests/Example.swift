import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

/// A graph built by a closure, as rules see it.
struct Example {
  var graph: Graph

  init(_ build: (inout Graph) throws -> Value) throws {
    var graph = Graph()
    let output = try build(&graph)
    graph.outputs = [output]
    graph.rename(output, to: "y")
    self.graph = graph
  }

  /// Nodes as text, without types: `y = Clip(x, 0.0, 6.0)`. Unnamed values are numbered, small integer vectors are shown.
  static func lines(_ graph: Graph) -> [String] {
    var numbers: [Value: Int] = [:]
    func label(_ value: Value?) -> String {
      guard let value else { return "–" }
      if let tensor = graph.constant(value) {
        if tensor.element.isInteger, tensor.elementCount <= 8 {
          return tensor.sizes.isEmpty ? "\(tensor.integer(at: 0))" : "\(tensor.integers)"
        }
        if tensor.elementCount == 1 { return "\(Float(tensor.double(at: 0)))" }
      }
      let name = graph.name(of: value)
      if !name.isEmpty { return name }
      if numbers[value] == nil { numbers[value] = numbers.count + 1 }
      return "#\(numbers[value]!)"
    }
    return graph.sorted().map { node in
      let operands = node.operands.map(label).joined(separator: ", ")
      let results = node.results.map(label).joined(separator: ", ")
      let attributes = ((try? Attributes(changed: node.op)) ?? [:]).sorted { $0.key < $1.key }.map {
        " \($0.key): \($0.value)"
      }
      return "\(results) = \(node.op.name)(\(operands))" + attributes.joined(separator: ",")
    }
  }

  /// Runs `pass` until it changes nothing; the result must read as `expected` and give the same numbers.
  func becomes(_ expected: [String], by pass: any RewritePass, sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    var rewritten = graph
    var rounds = 0
    while rounds < 8, try !pass.rewrite(&rewritten).isEmpty { rounds += 1 }
    #expect(rounds > 0, "no rule fired", sourceLocation: sourceLocation)
    #expect(Self.lines(rewritten) == expected, sourceLocation: sourceLocation)
    try rewritten.verify()
    for binding in [2, 5] {
      let symbols = Set(graph.inputs.flatMap { graph.tensorType(of: $0).shape ?? [] }.flatMap(\.symbols))
      let sizes = Dictionary(uniqueKeysWithValues: symbols.map { ($0, binding) })
      guard let inputs = VerificationInputs(graph).candidate(sizes, .random(seed: 7)) else { continue }
      let before = try Session(graph).run(inputs.values)
      let after = try Session(rewritten).run(inputs.values)
      for (a, b) in zip(before, after) {
        let comparison = Comparison(b, expected: a, .scaled(rtol: 1e-4, atol: 1e-5))
        #expect(comparison.mismatch == nil, sourceLocation: sourceLocation)
      }
    }
  }

  /// No rewrite of `pass` fires.
  func isLeftAlone(by pass: any RewritePass, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var rewritten = graph
    let fired = try pass.rewrite(&rewritten)
    #expect(fired.isEmpty, sourceLocation: sourceLocation)
    #expect(Self.lines(rewritten) == Self.lines(graph), sourceLocation: sourceLocation)
  }
}

extension Graph {
  mutating func x(_ sizes: Dimension..., named name: String = "x", element: ElementType = .float32) -> Value {
    input(name, TensorType(element, sizes))
  }
  mutating func number(_ x: Float) -> Value { constant(.scalar(x)) }
  mutating func integers(_ x: Int...) -> Value { constant(.integers(x)) }
  /// A constant of `sizes` with different numbers.
  mutating func weights(_ sizes: Int..., named name: String = "w") -> Value {
    var numbers = RandomNumbers(seed: UInt64(sizes.count))
    return constant(Tensor((0..<sizes.reduce(1, *)).map { _ in Float(numbers.normal()) * 0.5 }, shape: sizes), name)
  }
  /// Like `weights`, but all above zero.
  mutating func positive(_ sizes: Int..., named name: String) -> Value {
    constant(Tensor((0..<sizes.reduce(1, *)).map { 0.5 + Float($0) * 0.25 }, shape: sizes), name)
  }
}

func configured<T>(_ op: T, _ body: (inout T) throws -> Void) rethrows -> T {
  var op = op
  try body(&op)
  return op
}
