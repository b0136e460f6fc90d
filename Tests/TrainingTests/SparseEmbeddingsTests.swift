import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

/// Updates of embeddings by the rows that a batch reads, beside updates by the gradient of the whole table.
struct SparseEmbeddingsTests {
  private static let (rows, width, words) = (410, 21, 40)

  /// Rows of a table, times numbers. `GatherND` has a gradient of the whole table.
  private func model(sparse: Bool) throws -> Graph {
    var graph = Graph()
    let indices = graph.input("words", TensorType(.int64, sparse ? [4, Self.words / 4] : [4, Self.words / 4, 1]))
    let x = graph.input("x", TensorType(.float32, [4, Self.words / 4, Self.width]))
    let table = graph.constant(Tensor(noise(Self.rows * Self.width, 3), shape: [Self.rows, Self.width]), "table")
    let read = try sparse ? graph.apply(Gather(), table, indices) : graph.apply(GatherND(), table, indices)
    graph.outputs = [try graph.apply(Mul(), read, x)]
    return graph
  }

  private func training(_ model: Graph, _ change: (inout TrainingOptions) -> Void) throws -> TrainingGraph {
    var options = TrainingOptions()
    options.loss = SumLoss()
    change(&options)
    return try TrainingGraph(
      model, inputs: model.inputs.map { model.tensorType(of: $0) }, targets: [], options: options)
  }

  /// The words of a step: some twice, some counted from the end.
  private func words(_ step: Int) -> [Int] {
    var words = noise(Self.words, 50 + step).map { Int($0 * Float(Self.rows - 1)) }
    words[7] = words[3]
    words[9] = words[3] < 0 ? words[3] + Self.rows : words[3] - Self.rows
    words[11] = words[10]
    return words
  }

  /// The states after six steps.
  private func states(_ training: TrainingGraph, threads: Int = 2) throws -> [String: Tensor] {
    let program = Program(training.graph, threads: threads)
    let types = training.graph.inputs.map { training.graph.type(of: $0) }
    #expect(try program.plan(for: types).copyCount == 0)
    let state = StateStore()
    let session = Session(program, state: state)
    for step in 0..<6 {
      let sizes = training.graph.tensorType(of: training.graph.inputs[0]).sizes!
      let x = Tensor(noise(Self.words * Self.width, step), shape: [4, Self.words / 4, Self.width])
      _ = try session.run([Tensor.integers(words(step)).reshaped(sizes), x, .scalar(Float(0.01))])
    }
    return state.contents
  }

  private static let optimizers: [any Optimizer] = [
    SGDOptimizer(), SGDOptimizer(weightDecay: 0.1), SGDOptimizer(momentum: 0.9),
    SGDOptimizer(momentum: 0.9, dampening: 0.1, weightDecay: 0.1), SGDOptimizer(momentum: 0.9, nesterov: true),
    AdamOptimizer(), AdamOptimizer(weightDecay: 0.1), AdamWOptimizer(), AdagradOptimizer(),
    AdagradOptimizer(rateDecay: 0.1, weightDecay: 0.1), AdagradOptimizer(epsilon: 1e-3, initialMoment: 0.5),
    RMSPropOptimizer(), RMSPropOptimizer(momentum: 0.9), RMSPropOptimizer(momentum: 0.9, centered: true),
    LAMBOptimizer(), LARSOptimizer(),
  ]

  @Test(arguments: optimizers.indices) func everyRowBecomesWhatTheWholeGradientMakesOfIt(_ i: Int) throws {
    let optimizer = Self.optimizers[i]
    let whole = try training(model(sparse: false)) { $0.optimizer = optimizer }
    let sparse = try training(model(sparse: true)) { $0.optimizer = optimizer }
    let takesRows = optimizer.update is any RowWeightUpdate
    #expect(sparse.graph.sorted().contains { $0.op is DistinctRows } == takesRows)
    #expect(!whole.graph.sorted().contains { $0.op is DistinctRows })
    let expected = try states(whole)
    let found = try states(sparse)
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, tensor) in expected {
      #expect(found[name]?.doubles == tensor.doubles, "\(optimizer.name) \(name)")
    }
    #expect(try states(sparse, threads: 1).mapValues(\.doubles) == found.mapValues(\.doubles))
    #expect(expected["table"]?.floats != noise(Self.rows * Self.width, 3))
  }

  @Test func limitsOfGradientsAndAveragesAreThoseOfTheWholeTable() throws {
    func change(_ options: inout TrainingOptions) {
      options.gradientNormLimit = 0.5
      options.gradientLimit = 0.3
      options.averaging = 0.5
    }
    let expected = try states(training(model(sparse: false), change))
    let sparse = try training(model(sparse: true), change)
    #expect(sparse.graph.sorted().contains { $0.op is DistinctRows })
    let found = try states(sparse)
    for (name, tensor) in expected {
      let error = zip(try #require(found[name]).doubles, tensor.doubles).map { abs($0 - $1) }.max()!
      #expect(error < 1e-6, "\(name) is off by \(error)")
    }
  }

  /// Sums of batches, and what is added for every weight, are gradients of the whole table.
  @Test func wholeGradientsStayWhole() throws {
    let changes: [(inout TrainingOptions) -> Void] = [{ $0.accumulation = 2 }, { $0.l1 = 0.1 }, { $0.l2 = 0.1 }]
    for change in changes {
      let sparse = try training(model(sparse: true), change)
      #expect(!sparse.graph.sorted().contains { $0.op is DistinctRows })
      let expected = try states(training(model(sparse: false), change))
      #expect(try states(sparse).mapValues(\.doubles) == expected.mapValues(\.doubles))
    }
  }

  /// Rows that no step reads keep weights and moments; those that every step reads become what they always become.
  @Test(arguments: optimizers.indices) func sparselyOthersStay(_ i: Int) throws {
    let optimizer = Self.optimizers[i]
    guard optimizer.update is any RowWeightUpdate else {
      #expect(throws: GraphError.self) {
        try training(model(sparse: true)) {
          $0.optimizer = optimizer
          $0.sparseEmbeddings = true
        }
      }
      return
    }
    let sparse = try training(model(sparse: true)) {
      $0.optimizer = optimizer
      $0.sparseEmbeddings = true
    }
    let found = try states(sparse)
    let expected = try states(training(model(sparse: true)) { $0.optimizer = optimizer })
    let read = (0..<6).map { Set(words($0).map { $0 < 0 ? $0 + Self.rows : $0 }) }
    let ever = read.reduce(Set()) { $0.union($1) }
    let start = noise(Self.rows * Self.width, 3)
    for name in ["table"] + optimizer.momentNames.map({ "table:\($0)" }) {
      let (a, b) = (try #require(found[name]).floats, try #require(expected[name]).floats)
      for row in 0..<Self.rows {
        let range = row * Self.width..<(row + 1) * Self.width
        if !ever.contains(row) {
          let before =
            name == "table" ? start[range] : [Float](repeating: optimizer.initialMoment, count: Self.width)[...]
          #expect(Array(a[range]) == Array(before), "\(optimizer.name) \(name) \(row)")
        } else if !read[0..<5].contains(where: { $0.contains(row) }), optimizer.weightDecay == 0, name == "table",
          optimizer is SGDOptimizer
        {
          #expect(a[range] == b[range], "\(optimizer.name) \(name) \(row)")
        }
      }
    }
    #expect(ever.count < Self.rows && found["table"]?.floats != start)
  }

  @Test func whatIsNotSparseIsRefused() throws {
    let changes: [(inout TrainingOptions) -> Void] = [
      { $0.accumulation = 2 }, { $0.l1 = 0.1 }, { $0.l2 = 0.1 }, { $0.optimizer = LAMBOptimizer() },
    ]
    for change in changes {
      let error = #expect(throws: GraphError.self) {
        try training(model(sparse: true)) {
          $0.sparseEmbeddings = true
          change(&$0)
        }
      }
      #expect(error?.message.contains("sparsely") == true)
    }
  }

  /// A table that is read three times, by indices of both types.
  @Test func tablesThatAreReadSeveralTimes() throws {
    func model(sparse: Bool) throws -> Graph {
      var graph = Graph()
      let table = graph.constant(Tensor(noise(Self.rows * Self.width, 3), shape: [Self.rows, Self.width]), "table")
      for (i, count) in [20, 7, 11].enumerated() {
        let type: ElementType = i == 1 ? .int32 : .int64
        let words = graph.input("words\(i)", TensorType(type, sparse ? [count] : [count, 1]))
        let read =
          try sparse
          ? graph.apply(Gather(), table, words)
          : graph.apply(GatherND(), table, i == 1 ? graph.apply(Cast(to: .int64), words) : words)
        let square = try graph.apply(Mul(), read, read)
        graph.outputs.append(try graph.apply(ReduceMean(), square, graph.constant(.integers([0])), named: "mean\(i)"))
      }
      let sum = try graph.apply(Add(), graph.apply(Add(), graph.outputs[0], graph.outputs[1]), graph.outputs[2])
      graph.outputs = [sum]
      return graph
    }
    var results: [[String: Tensor]] = []
    for sparse in [true, false] {
      let training = try training(model(sparse: sparse)) { $0.optimizer = SGDOptimizer(momentum: 0.5) }
      #expect(training.graph.sorted().count { $0.op is DistinctRows } == (sparse ? 1 : 0))
      let state = StateStore()
      let session = Session(training.graph, state: state)
      for step in 0..<4 {
        let words = words(step)
        let pieces = [words[0..<20], words[20..<27], words[27..<38]].enumerated().map { i, piece in
          let sizes = sparse ? [piece.count] : [piece.count, 1]
          return i == 1
            ? Tensor(piece.map { Int32($0) }, shape: sizes) : Tensor(piece.map { Int64($0) }, shape: sizes)
        }
        _ = try session.run(pieces + [.scalar(Float(0.1))])
      }
      results.append(state.contents)
    }
    for (name, tensor) in results[1] {
      let error = zip(try #require(results[0][name]).doubles, tensor.doubles).map { abs($0 - $1) }.max()!
      #expect(error < 1e-6, "\(name) is off by \(error)")
    }
  }

  /// A table of few rows is updated sparsely if that is asked for.
  @Test func smallTablesToo() throws {
    var graph = Graph()
    let words = graph.input("words", TensorType(.int32, [3]))
    let table = graph.constant(Tensor([Float](repeating: 1, count: 8), shape: [4, 2]), "table")
    graph.outputs = [try graph.apply(Gather(), table, words)]
    let sparse = try training(graph) {
      $0.optimizer = AdamWOptimizer(weightDecay: 0.5)
      $0.sparseEmbeddings = true
    }
    let state = StateStore()
    _ = try Session(sparse.graph, state: state).run([Tensor([2, 2, -4] as [Int32], shape: [3]), .scalar(Float(0.1))])
    let table1 = try #require(state["table"]).floats
    #expect(table1[2...3] == [1, 1] && table1[6...7] == [1, 1])
    #expect(table1[0] < 1 && table1[4] < 1)
  }
}
