import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

/// Products with rounded operands give what float32 products of operands that were rounded before give.
struct NarrowTrainingTests {
  /// The pass, for the small sizes of tests.
  private static var pass: NarrowTraining {
    var pass = NarrowTraining()
    pass.leastIntensity = 12
    return pass
  }

  private static func numbers(_ sizes: [Int], _ seed: UInt64) -> Tensor {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return Tensor(
      (0..<sizes.reduce(1, *)).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int64(truncatingIfNeeded: state >> 40)) / Float(1 << 23) - 1
      }, shape: sizes)
  }

  /// The result of `op` over operands of these sizes; the operands of `weights` are constants. Those of `rounds` are rounded
  /// first.
  private func result(
    _ op: any Op, _ sizes: [[Int]], weights: Set<Int>, rounds: Set<Int>, threads: Int, narrows: Bool
  ) throws -> (Tensor, ProductPrecisions) {
    var graph = Graph()
    var operands: [Value] = [], inputs: [Tensor] = []
    for (i, sizes) in sizes.enumerated() {
      var tensor = Self.numbers(sizes, UInt64(i + 1))
      if rounds.contains(i) { tensor = Tensor(tensor.floats.map { BFloat16($0).float }, shape: sizes) }
      if weights.contains(i) {
        operands.append(graph.constant(tensor, "w\(i)"))
      } else {
        operands.append(graph.input("x\(i)", tensor.type))
        inputs.append(tensor)
      }
    }
    let y = try graph.apply(op, operands, resultCount: 1, named: "product")[0]
    graph.outputs = [y]
    var precisions = ProductPrecisions()
    if narrows {
      let type = graph.type(of: y)
      precisions = try Self.pass.narrow(&graph)
      try graph.verify()
      #expect(graph.type(of: graph.outputs[0]) == type)
    }
    return (try Session(graph, threads: threads).run(inputs)[0], precisions)
  }

  private func check(
    _ op: any Op, _ sizes: [[Int]], weights: Set<Int> = [], rounds: Set<Int> = [0, 1], isNarrow: Bool = true
  ) throws {
    let (expected, _) = try result(op, sizes, weights: [], rounds: isNarrow ? rounds : [], threads: 1, narrows: false)
    let (one, precisions) = try result(op, sizes, weights: weights, rounds: [], threads: 1, narrows: true)
    let (three, _) = try result(op, sizes, weights: weights, rounds: [], threads: 3, narrows: true)
    #expect(one.floats == three.floats, "\(op.name) depends on threads")
    #expect(precisions.narrow.count == (isNarrow ? 1 : 0) && precisions.wide.count == (isNarrow ? 0 : 1), "\(op)")
    let norm = expected.floats.reduce(0) { $0 + Double($1 * $1) }
    let difference = zip(one.floats, expected.floats).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
    #expect((difference / norm).squareRoot() < 2e-6, "\(op) \(sizes)")
    guard isNarrow else { return }
    let (plain, _) = try result(op, sizes, weights: [], rounds: [], threads: 1, narrows: false)
    #expect(plain.floats != one.floats)
  }

  @Test func `products of matrices`() throws {
    for weights in [Set<Int>(), [1]] {
      try check(MatMul(), [[65, 51], [51, 70]], weights: weights)
      try check(MatMul(), [[3, 21, 100], [100, 33]], weights: weights)
      for transB in [false, true] {
        for transA in [false, true] {
          var gemm = Gemm()
          (gemm.transA, gemm.transB, gemm.alpha) = (transA, transB, 0.5)
          let (a, b) = (transA ? [67, 45] : [45, 67], transB ? [90, 67] : [67, 90])
          try check(gemm, [a, b], weights: weights, isNarrow: !(transA && transB))
          for (beta, c) in [(1, [90]), (1, [45, 1]), (0.25, [90])] as [(Float, [Int])] {
            gemm.beta = beta
            try check(gemm, [a, b, c], weights: weights, isNarrow: !(transA && transB))
          }
        }
      }
    }
  }

  @Test func `products of batches of matrices`() throws {
    try check(MatMul(), [[2, 3, 33, 70], [2, 3, 70, 65]])
    for transA in [false, true] {
      for transB in [false, true] {
        var product = Microsoft.FusedMatMul()
        (product.transA, product.transB, product.alpha) = (transA, transB, 0.125)
        try check(product, [transA ? [5, 47, 66] : [5, 66, 47], transB ? [5, 61, 47] : [5, 47, 61]])
      }
    }
    // Batches that broadcast have no such form.
    try check(MatMul(), [[3, 40, 70], [1, 70, 65]], isNarrow: false)
  }

  @Test func `convolutions and their gradients`() throws {
    for (strides, group, pads) in [([], 1, [1, 1, 1, 1]), ([2, 2], 1, [1, 0, 1, 2]), ([], 2, [])]
      as [([Int], Int, [Int])]
    {
      var conv = NHWCTrainedConv(), inputs = NHWCConvInputGradient(), weights = NHWCConvWeightGradient()
      (conv.strides, conv.group, conv.pads) = (strides, group, pads)
      (inputs.strides, inputs.group, inputs.pads) = (strides, group, pads)
      (weights.strides, weights.group, weights.pads) = (strides, group, pads)
      (conv.kernel_shape, inputs.kernel_shape, weights.kernel_shape) = ([3, 3], [3, 3], [3, 3])
      inputs.input_shape = [9, 11]
      let (x, w) = ([3, 9, 11, 34], [3, 3, 34 / group, 40])
      var scratch = Graph()
      let y = try scratch.apply(
        conv, scratch.input("x", TensorType(.float32, x)), scratch.input("w", TensorType(.float32, w)))
      let dy = scratch.tensorType(of: y).sizes!
      try check(conv, [x, w], weights: [1])
      try check(conv, [x, w, [40]], weights: [1, 2])
      try check(inputs, [dy, w], weights: [1])
      try check(weights, [x, dy], isNarrow: group == 1)
    }
  }

  @Test func `products add biases`() throws {
    for isFirst in [false, true] {
      var graph = Graph()
      let x = graph.input("x", TensorType(.float32, [2, 32, 64] as [Int]))
      let product = try graph.apply(MatMul(), x, graph.constant(Self.numbers([64, 96], 1)))
      let bias = graph.constant(Self.numbers([96], 2))
      graph.outputs = [try isFirst ? graph.apply(Add(), bias, product) : graph.apply(Add(), product, bias)]
      let numbers = Self.numbers([2, 32, 64], 3)
      let before = try Session(graph).run([numbers])[0].floats
      try Self.pass.run(on: &graph)
      #expect(graph.sorted().map(\.op.name) == ["Cast", "BFloat16MatMul"])
      let after = try Session(graph).run([numbers])[0].floats
      #expect(zip(before, after).allSatisfy { abs($0 - $1) < 0.05 })
    }
  }

  @Test func `a value that several products read is rounded once, and small products stay`() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [64, 64] as [Int]))
    let shaped = try graph.apply(Reshape(), x, graph.constant(.integers([64, 64])))
    let a = try graph.apply(MatMul(), x, graph.state("a", initial: Self.numbers([64, 96], 1)))
    let b = try graph.apply(MatMul(), shaped, graph.state("b", initial: Self.numbers([64, 96], 2)))
    let c = try graph.apply(MatMul(), x, graph.state("c", initial: Self.numbers([64, 2], 3)), named: "small")
    graph.outputs = [a, b, c]
    let precisions = try Self.pass.narrow(&graph)
    #expect(graph.sorted().count { $0.op is Cast } == 1)
    #expect(graph.sorted().count { $0.op is BFloat16MatMul } == 2)
    #expect(precisions.wide.map(\.name) == ["small"])
    #expect(precisions.narrowShare > 0.97 && precisions.summary.hasPrefix("2 of 3 products"))
    #expect(precisions.details.count == 3)
    #expect(graph.states.allSatisfy { graph.tensorType(of: $0).element == .float32 })
  }
}
