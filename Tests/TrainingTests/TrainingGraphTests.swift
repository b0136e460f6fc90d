import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct TrainingGraphTests {
  /// y = x·w + b, element by element, without a matrix product.
  private func model(_ batch: Dimension = .symbol("N")) throws -> Graph {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [batch, .fixed(3)]))
    let w = graph.constant(Tensor([0.5, -0.25, 1] as [Float], shape: [3]), "w")
    let b = graph.constant(Tensor([0, 0.1, 0.2] as [Float], shape: [3]), "b")
    graph.outputs = [try graph.apply(Add(), graph.apply(Mul(), x, w), b)]
    return graph
  }
  private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
    var options = TrainingOptions()
    options.loss = MeanSquaredError()
    options.optimizer = SGDOptimizer()
    change(&options)
    return options
  }
  private func training(_ batch: Int = 4, _ options: TrainingOptions) throws -> TrainingGraph {
    let type = TensorType(.float32, [batch, 3])
    return try TrainingGraph(model(), inputs: [type], targets: [type], options: options)
  }
  private func batch(_ size: Int, _ seed: Int) -> [Tensor] {
    let x = noise(size * 3, seed)
    let y = x.enumerated().map { i, x in x * [2, -1, 0.5][i % 3] + [0.3, 0, -0.7][i % 3] }
    return [Tensor(x, shape: [size, 3]), Tensor(y, shape: [size, 3])]
  }
  private let rate = Tensor.scalar(Float(0.5))

  @Test func lossGoesToZeroAndTheModelGetsTheWeights() throws {
    let training = try training(8, options { $0.optimizer = SGDOptimizer(momentum: 0.5) })
    #expect(training.weightNames == ["w", "b"])
    let state = StateStore()
    let session = Session(training.graph, state: state)
    var losses: [Float] = []
    for step in 0..<200 { losses.append(try session.run(batch(8, step) + [rate])[0].floats[0]) }
    #expect(losses[0] > 0.1 && losses[199] < 1e-6)
    let model = try training.model(state)
    let (x, y) = (batch(5, 999)[0], batch(5, 999)[1])
    let output = try Session(model).run([x])[0]
    #expect(zip(output.floats, y.floats).allSatisfy { abs($0 - $1) < 1e-3 })
  }

  @Test func frozenWeightsStay() throws {
    let training = try training(4, options { $0.rules = [ParameterRule(.init(name: "w*"), isFrozen: true)] })
    #expect(training.weightNames == ["b"])
    let state = StateStore()
    let session = Session(training.graph, state: state)
    for step in 0..<5 { _ = try session.run(batch(4, step) + [rate]) }
    #expect(state["w"] == nil)
    let model = try training.model(state)
    let x = Tensor([1, 1, 1, 0, 0, 0] as [Float], shape: [2, 3])
    let y = try Session(model).run([x])[0].floats
    #expect(zip(y[0..<3], y[3..<6]).map { $0 - $1 }.elementsEqual([0.5, -0.25, 1]) { abs($0 - $1) < 1e-6 })
    #expect(y[3...] != [0, 0.1, 0.2])
  }

  @Test func nothingIsCopied() throws {
    let all = options {
      $0.optimizer = AdamWOptimizer()
      $0.accumulation = 2
      $0.averaging = 0.9
      $0.gradientNormLimit = 1
      $0.gradientLimit = 0.5
      $0.l1 = 0.1
      $0.reportsGradientNorm = true
      $0.reportsOutputs = true
    }
    let training = try training(4, all)
    let plan = try Program(training.graph, threads: 2).plan(
      for: training.graph.inputs.map { training.graph.type(of: $0) })
    #expect(plan.isComplete)
    #expect(plan.copyCount == 0)
  }

  @Test func microBatchesAreOneBatch() throws {
    let parts = try training(4, options { $0.accumulation = 3 })
    let whole = try training(12, options())
    let (few, many) = (StateStore(), StateStore())
    let session = Session(parts.graph, state: few)
    let big = batch(12, 5)
    for round in 0..<2 {
      for i in 0..<3 {
        #expect((few["w"]?.floats ?? [0.5, -0.25, 1]) == (many["w"]?.floats ?? [0.5, -0.25, 1]) || i > 0 || round > 0)
        let slice = big.map { Tensor(Array($0.floats[i * 12..<(i + 1) * 12]), shape: [4, 3]) }
        _ = try session.run(slice + [rate])
      }
      _ = try Session(whole.graph, state: many).run(big + [rate])
      for name in ["w", "b"] {
        let (a, b) = (few[name]!.floats, many[name]!.floats)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name): \(a), \(b)")
      }
    }
    #expect(few[TrainingGraph.updateCounter]?.integers == [2])
    #expect(few[TrainingGraph.runCounter]?.integers == [6])
  }

  @Test func averagesFollow() throws {
    let training = try training(4, options { $0.averaging = 0.75 })
    let state = StateStore()
    let session = Session(training.graph, state: state)
    var average: [Float] = [0.5, -0.25, 1]
    for step in 0..<4 {
      _ = try session.run(batch(4, step) + [rate])
      average = zip(average, state["w"]!.floats).map { 0.75 * $0 + 0.25 * $1 }
    }
    let found = state[TrainingGraph.averageName("w")]!.floats
    #expect(zip(found, average).allSatisfy { abs($0 - $1) < 1e-6 })
    let x = Tensor([1, 1, 1, 0, 0, 0] as [Float], shape: [2, 3])
    let y = try Session(training.model(state, averaged: true)).run([x])[0].floats
    #expect(zip(zip(y[0..<3], y[3..<6]).map { $0 - $1 }, average).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test func lossesThatAreNotFiniteChangeNothing() throws {
    let all = options {
      $0.optimizer = AdamWOptimizer()
      $0.averaging = 0.9
      $0.gradientNormLimit = 1
    }
    let training = try training(4, all)
    let state = StateStore()
    let session = Session(training.graph, state: state)
    _ = try session.run(batch(4, 1) + [rate])
    let names = training.graph.states.map { training.graph.name(of: $0) }
    let before = names.map { state[$0]! }
    var bad = batch(4, 2)
    bad[0] = Tensor([Float](repeating: .nan, count: 12), shape: [4, 3])
    let loss = try session.run(bad + [rate])[0].floats[0]
    #expect(loss.isNaN)
    #expect(names.map { state[$0]! } == before)
    _ = try session.run(batch(4, 3) + [rate])
    #expect(zip(names, before).allSatisfy { state[$0]! != $1 })
  }

  @Test func gradientsAreLimited() throws {
    func change(_ change: (inout TrainingOptions) -> Void) throws -> (norm: Float, step: [Float]) {
      let training = try training(
        4,
        options {
          $0.reportsGradientNorm = true
          change(&$0)
        })
      let state = StateStore()
      let norm = try Session(training.graph, state: state).run(batch(4, 1) + [.scalar(Float(1))])[1].floats[0]
      let step = zip([0.5, -0.25, 1, 0, 0.1, 0.2], state["w"]!.floats + state["b"]!.floats).map { Float($0) - $1 }
      return (norm, step)
    }
    let free = try change { _ in }
    let length = free.step.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(free.norm - length) < 1e-6)
    let limited = try change { $0.gradientNormLimit = length / 2 }
    #expect(zip(limited.step, free.step).allSatisfy { abs($0 - $1 / 2) < 1e-5 })
    #expect(abs(limited.norm - length) < 1e-6)
    let clipped = try change { $0.gradientLimit = 0.1 }
    #expect(zip(clipped.step, free.step).allSatisfy { abs($0 - min(max($1, -0.1), 0.1)) < 1e-6 })
    let regular = try change { ($0.l1, $0.l2) = (0.01, 0.1) }
    let added = zip([0.5, -0.25, 1, 0, 0.1, 0.2] as [Float], zip(regular.step, free.step)).map { w, steps in
      abs(steps.0 - steps.1 - (0.1 * w + (w > 0 ? 0.01 : w < 0 ? -0.01 : 0)))
    }
    #expect(added.allSatisfy { $0 < 1e-6 })
  }

  @Test func samplesAreWeighed() throws {
    let training = try training(4, options { $0.weighsSamples = true })
    let data = batch(4, 1)
    let weights = Tensor([2, 0, 0, 1] as [Float], shape: [4])
    let loss = try Session(training.graph).run(data + [weights, rate])[0].floats[0]
    let y = try Session(model()).run([data[0]])[0].floats
    let errors = zip(y, data[1].floats).map { ($0 - $1) * ($0 - $1) }
    let rows = (0..<4).map { errors[$0 * 3..<$0 * 3 + 3].reduce(0, +) / 3 }
    #expect(abs(loss - (2 * rows[0] + rows[3]) / 3) < 1e-6)
  }

  @Test func bitsDoNotDependOnThreads() throws {
    var found: [[[Float]]] = []
    for threads in [1, 2] {
      let training = try training(4, options { $0.optimizer = LAMBOptimizer() })
      let state = StateStore()
      let session = Session(training.graph, threads: threads, state: state)
      for step in 0..<3 { _ = try session.run(batch(4, step) + [rate]) }
      found.append(["w", "b"].map { state[$0]!.floats })
    }
    #expect(found[0] == found[1])
  }

  @Test func withoutWeightsThereIsNothingToTrain() throws {
    #expect(throws: GraphError.self) {
      try training(4, options { $0.rules = [ParameterRule(.init(), isFrozen: true)] })
    }
  }
}
