import HoneIR
import HoneModels
import HoneOperators
import HoneRuntime
import Testing

struct NetworkTests {
  @Test func weightsAreNamedByTheirPlace() throws {
    var network = Network(seed: 1)
    let x = network.input("input", [3, 8, 8])
    let features = Sequential {
      Convolution2D(4, kernel: 3, padding: 1)
      BatchNorm()
      Nonlinearity.relu
      Sequential { DepthwiseConvolution(kernel: 3) }
    }
    let y = try network.append(
      Sequential {
        features.named("features")
        Flattening()
        Dense(2).named("fc")
      }, to: x)
    network.output(y, "logits")
    #expect(
      Set(network.graph.namedWeights.keys) == [
        "features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias", "features.1.running_mean",
        "features.1.running_var", "features.3.0.weight", "features.3.0.bias", "fc.weight", "fc.bias",
      ])
    #expect(network.graph.namedWeights["features.3.0.weight"]?.sizes == [4, 1, 3, 3])
    #expect(network.graph.namedWeights["fc.weight"]?.sizes == [2, 144])
    #expect(network.parameterCount == 3 * 4 * 9 + 4 + 8 + 40 + 290)
  }

  @Test func oneWeightDoesNotDependOnTheLayersBesideIt() throws {
    func weight(_ extra: Bool) throws -> Tensor? {
      var network = Network(seed: 5)
      var x = network.input("input", [6])
      if extra { x = try network.append(Dense(6), to: x, named: "fc0") }
      network.output(try network.append(Dense(2), to: x, named: "fc"), "y")
      return network.graph.namedWeights["fc.weight"]
    }
    let (alone, beside) = (try weight(false), try weight(true))
    #expect(alone!.isIdentical(to: beside!))
  }

  @Test func denseLayersOfMatricesAreGemmAndOthersMatMul() throws {
    var network = Network()
    let rows = try network.append(Dense(2), to: network.input("rows", [6]), named: "a")
    let tokens = try network.append(Dense(2), to: network.input("tokens", [5, 6]), named: "b")
    network.output(rows, "y")
    network.output(tokens, "z")
    #expect(network.graph.producer(of: rows)?.op is Gemm)
    #expect(network.graph.producer(of: tokens)?.op is Add)
    #expect(network.graph.namedWeights["a.weight"]?.sizes == [2, 6])
    #expect(network.graph.namedWeights["b.weight"]?.sizes == [6, 2])
  }

  @Test func aLayerThatDoesNotFitIsNamed() throws {
    var network = Network()
    let x = network.input("input", [5, 7])
    let error = #expect(throws: GraphError.self) {
      try network.append(MultiHeadAttention(heads: 2), to: x, named: "attention")
    }
    #expect(error?.message.contains("2 heads") ?? false)
    #expect(error?.trail == ["layer ‘attention’"])
  }

  @Test func causalConvolutionsDoNotSeeLaterSteps() throws {
    var network = Network(seed: 2)
    let x = network.input("input", [1, 6])
    network.output(try network.append(Convolution1D.causal(1, kernel: 3, dilation: 2), to: x, named: "conv"), "y")
    let session = Session(network.graph)
    let before = try session.run([Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 1, 6])])[0].floats
    let after = try session.run([Tensor([1, 2, 3, 4, 9, 9] as [Float], shape: [1, 1, 6])])[0].floats
    #expect(before.count == 6)
    #expect(before.prefix(4) == after.prefix(4))
    #expect(before.suffix(2) != after.suffix(2))
  }

  @Test func recurrentLayersGiveAllStepsOrTheLast() throws {
    var network = Network(seed: 2)
    let x = network.input("input", [4, 3])
    network.output(try network.append(GRULayer(5, output: .allSteps), to: x, named: "gru"), "all")
    network.output(try network.append(GRULayer(5), to: x, named: "gru"), "last")
    let results = try Session(network.graph).run(network.graph.sampleInputs())
    #expect(results[0].sizes == [2, 4, 5])
    #expect(results[1].sizes == [2, 5])
    // Both have the same weights, as they have the same name.
    #expect(Array(results[0].floats[15..<20]) == Array(results[1].floats[0..<5]))
  }
}
