import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import HoneTransforms
import Testing

/// Gradients through loops, sequences and branches, once they are written out.
struct UnrolledGradientsTests {
  /// h ← h · x[t] + w, five times, the last two from a captured value; y stacks all h.
  private static func scan() throws -> (graph: Graph, x: Value, w: Value) {
    var body = Graph()
    let h = body.input("h", TensorType(.float64, [2]))
    let x = body.input("x", TensorType(.float64, [2]))
    let w = body.input("w", TensorType(.float64, [2]))
    let next = try body.apply(Add(), body.apply(Mul(), h, x), w)
    body.outputs = [next, next]
    var scan = Scan()
    (scan.body, scan.num_scan_inputs) = (Region(body, captureCount: 1), 1)
    (scan.scan_input_axes, scan.scan_input_directions) = ([1], [1])
    (scan.scan_output_axes, scan.scan_output_directions) = ([-1], [1])
    var graph = Graph()
    let xs = graph.input("xs", TensorType(.float64, [2, 5]))
    let outer = graph.input("w", TensorType(.float64, [2]))
    let first = graph.constant(Tensor([0.5, -0.25], shape: [2]))
    graph.outputs = try graph.apply(scan, [first, xs, outer], resultCount: 2)
    return (graph, xs, outer)
  }

  /// s ← [s…, s.last · x] until the number of turns reaches three; y joins the sequence.
  private static func loop(limit: Tensor?, bound: Int64) throws -> (graph: Graph, x: Value) {
    var body = Graph()
    let turn = body.input("i", TensorType(.int64, [] as [Int]))
    _ = body.input("go", TensorType(.bool, [] as [Int]))
    let count = body.input("n", TensorType(.int64, [] as [Int]))
    let sequence = body.input("s", .sequence(.tensor(.float64, [2])))
    let x = body.input("x", TensorType(.float64, [2]))
    let last = try body.apply(SequenceAt(), sequence, body.constant(.scalar(Int64(-1))))
    let longer = try body.apply(SequenceInsert(), sequence, body.apply(Mul(), last, x))
    let next = try body.apply(Add(), count, body.constant(.scalar(Int64(1))))
    let goesOn = try body.apply(Less(), next, body.constant(.scalar(bound)))
    body.outputs = [goesOn, next, longer, try body.apply(Add(), turn, turn)]
    var loop = Loop()
    loop.body = Region(body, captureCount: 1)
    var graph = Graph()
    let outer = graph.input("x", TensorType(.float64, [2]))
    let start = try graph.apply(SequenceConstruct(), outer)
    let operands = [
      limit.map { graph.constant($0) }, graph.constant(.scalar(true)), graph.constant(.scalar(Int64(0))), start, outer,
    ]
    let results = try graph.apply(loop, operands, resultCount: 3)
    var concat = ConcatFromSequence()
    concat.axis = 0
    graph.outputs = [try graph.apply(concat, results[1]), results[2]]
    return (graph, outer)
  }

  private static let numbers = Tensor([0.3, 1.2, -0.7, 2, 0.1, -1.1, 0.4, 0.9, 1.5, -0.2], shape: [2, 5])

  @Test func aScanGivesTheSameWrittenOut() throws {
    let (graph, _, _) = try Self.scan()
    var unrolled = graph
    try UnrollLoops().run(on: &unrolled)
    #expect(!unrolled.sorted().contains { $0.op is any RegionOp })
    let inputs = [Self.numbers, Tensor([0.6, -0.8], shape: [2])]
    let (expected, got) = (try Session(graph).run(inputs), try Session(unrolled).run(inputs))
    for (a, b) in zip(expected, got) { #expect(a.isIdentical(to: b)) }
    #expect(unrolled.sizesOfOutputs == [[2], [2, 5]])
  }

  @Test func aScanHasGradients() throws {
    var (graph, x, w) = try Self.scan()
    try UnrollLoops().run(on: &graph)
    try Self.expectDerivatives(&graph, of: [x, w], at: [Self.numbers, Tensor([0.6, -0.8], shape: [2])])
  }

  @Test(arguments: [nil, Tensor.scalar(Int64.max), .scalar(Int64(3))]) func aLoopOverASequenceHasGradients(
    limit: Tensor?
  ) throws {
    let (graph, x) = try Self.loop(limit: limit, bound: 3)
    var unrolled = graph
    try UnrollLoops().run(on: &unrolled)
    try Pipeline([ResolveSequences()], rounds: 8).run(on: &unrolled)
    try unrolled.inferTypes()
    #expect(unrolled.sizesOfOutputs == [[8], [3]])
    let input = Tensor([1.25, -0.5], shape: [2])
    for (a, b) in zip(try Session(graph).run([input]), try Session(unrolled).run([input])) {
      #expect(a.isIdentical(to: b))
    }
    unrolled.outputs.removeLast()
    try Self.expectDerivatives(&unrolled, of: [x], at: [input])
  }

  @Test func longLoopsAreErrorsThatNameTheNode() throws {
    var (graph, _) = try Self.loop(limit: nil, bound: 100)
    let error = #expect(throws: GraphError.self) { try UnrollLoops(limit: 10).run(on: &graph) }
    #expect(error?.description.contains("Loop") == true && error?.description.contains("10") == true)
  }

  @Test func tripCountsThatDependOnDataAreErrors() throws {
    var body = Graph()
    _ = body.input("i", TensorType(.int64, [] as [Int]))
    let go = body.input("go", TensorType(.bool, [] as [Int]))
    let x = body.input("x", TensorType(.float32, [2]))
    body.outputs = [go, x]
    var loop = Loop()
    loop.body = Region(body)
    var graph = Graph()
    let count = graph.input("count", TensorType(.int64, [] as [Int]))
    let start = graph.input("x", TensorType(.float32, [2]))
    graph.outputs = [try graph.apply(loop, [count, nil, start], resultCount: 1)[0]]
    let error = #expect(throws: GraphError.self) { try UnrollLoops().run(on: &graph) }
    #expect(error?.description.contains("trip count") == true)
  }

  @Test func aKnownConditionTakesItsBranch() throws {
    var branches: [Region] = []
    for factor in [2.0, 3.0] {
      var branch = Graph()
      let x = branch.input("x", TensorType(.float64, [2]))
      branch.outputs = [try branch.apply(Mul(), x, branch.constant(.scalar(factor)))]
      branches.append(Region(branch, captureCount: 1))
    }
    var op = If()
    op.regions = branches
    var graph = Graph()
    let x = graph.input("x", TensorType(.float64, [2]))
    graph.outputs = [try graph.apply(op, [graph.constant(.scalar(false)), x], resultCount: 1)[0]]
    try UnrollLoops().run(on: &graph)
    #expect(graph.sorted().map(\.op.name) == ["Mul"])
    #expect(try Session(graph).run([Tensor([1.0, 2], shape: [2])])[0].doubles == [3, 6])
  }

  /// The gradients of Σ c · output over all outputs, against central differences.
  private static func expectDerivatives(_ graph: inout Graph, of values: [Value], at inputs: [Tensor]) throws {
    let forward = Session(graph)
    var loss: Value?
    var weights: [Tensor] = []
    for (i, output) in graph.outputs.enumerated() {
      let sizes = try #require(graph.tensorType(of: output).sizes)
      weights.append(DerivativeCase.numbers(sizes.reduce(1, *), seed: i + 3).reshaped(sizes))
      let product = try graph.apply(Mul(), output, graph.constant(weights[i]))
      var total = ReduceSum()
      total.keepdims = false
      let term = try graph.apply(total, product)
      loss = try loss.map { try graph.apply(Add(), $0, term) } ?? term
    }
    let gradients = try graph.appendGradients(of: #require(loss), for: values)
    graph.outputs = try gradients.map { try #require($0) }
    let results = try Session(graph).run(inputs)
    for (place, result) in results.enumerated() {
      for i in 0..<result.elementCount {
        let sums = try [1e-5, -1e-5].map { step in
          var moved = inputs
          var numbers = inputs[place].doubles
          numbers[i] += step
          moved[place] = Tensor(numbers, shape: inputs[place].sizes)
          return zip(try forward.run(moved), weights).reduce(0) { sum, pair in
            sum + zip(pair.0.doubles, pair.1.doubles).reduce(0) { $0 + $1.0 * $1.1 }
          }
        }
        #expect(abs((sums[0] - sums[1]) / 2e-5 - result.double(at: i)) < 1e-6)
      }
    }
  }
}

extension Graph {
  fileprivate var sizesOfOutputs: [[Int]?] { outputs.map { tensorType(of: $0).sizes } }
}
