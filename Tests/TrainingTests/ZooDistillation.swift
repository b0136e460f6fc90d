import Foundation
import HoneIR
import HoneONNX
import HoneOperators
import HoneRuntime
import HoneTraining
import HoneTransforms

/// A model that learns its own outputs again after its weights were moved.
struct ZooDistillation {
  /// The folder of the inputs.
  let data: URL
  private let model: ONNXModel
  private let inputs: [Tensor]
  private let training: TrainingGraph
  private let state = StateStore()
  private let wanted: [Tensor]

  /// The model in `folder`, on its own test inputs. Whole numbers without axes, such as sample rates, are made constants;
  /// dropout goes, as its noise is larger than what a few steps gain.
  init(_ folder: URL) throws {
    var model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
    data = TestDataSet.folders(in: folder)[0]
    let given = try TestDataSet(folder: data, graph: model.graph).inputs
    var inputs: [Tensor] = []
    for (input, value) in zip(model.graph.inputs, given) {
      guard let tensor = value?.tensor else { throw GraphError(.input, "an input is not given") }
      if tensor.sizes.isEmpty, tensor.element == .int64 {
        model.graph.bind(input, to: tensor)
      } else {
        inputs.append(tensor)
      }
    }
    try Pipeline([Freeze()]).run(on: &model.graph)
    let compared = model.graph.outputs.indices.filter {
      model.graph.type(of: model.graph.outputs[$0]).tensor?.element == .float32
    }
    guard !compared.isEmpty else { throw GraphError(.type, "there is no output of floating-point numbers") }
    var options = TrainingOptions()
    options.loss = WeightedSum(
      compared.map { i in
        var error = MeanSquaredError()
        (error.output, error.reference) = (i, .teacher(i))
        return WeightedSum.Term(1, error)
      })
    options.optimizer = SGDOptimizer()
    options.teacher = model.graph
    options.trainsNormalization = false
    options.reportsGradientNorm = true
    training = try TrainingGraph(model.graph, inputs: inputs.map(\.type), targets: [], options: options)
    let program = try Preparation(threads: 2).program(model.graph)
    wanted = try Session(program).run(inputs.map(RuntimeValue.tensor)).compactMap { value in
      value.tensor.flatMap { $0.element == .float32 ? $0 : nil }
    }
    (self.model, self.inputs) = (model, inputs)
  }

  /// The largest number in the outputs.
  var scale: Double {
    wanted.reduce(0) { scale, tensor in tensor.floats.reduce(scale) { $1.isFinite ? max($0, Double(abs($1))) : $0 } }
  }

  /// The losses before each step and after the last.
  ///
  /// The rate is a share of loss/‖gradient‖², Polyak's for losses whose minimum is 0, of the step before; the share shrinks
  /// when the loss rises.
  func run(steps: Int) throws -> [Double] {
    let session = Session(training.graph, threads: 2, state: state)
    // Weights are moved further where the outputs did not notice.
    for noise in [Float(0.05), 0.1, 0.2] {
      try moveWeights(by: noise)
      if try session.run(inputs + [.scalar(Float(0))])[0].floats[0] > 1e-14 { break }
    }
    var losses: [Double] = []
    var (rate, share, before): (Float, Float, Float) = (0, 0.002, .infinity)
    for step in 0...steps + 1 {
      let results = try session.run(inputs + [.scalar(step <= steps ? rate : 0)])
      let (loss, norm) = (results[0].floats[0], results[1].floats[0])
      if step > 0 { losses.append(Double(loss)) }
      share = loss > before ? share * 0.3 : min(share * 1.15, 0.02)
      before = loss
      rate = norm > 0 ? share * loss / norm / norm : 0
    }
    return losses
  }

  private func moveWeights(by noise: Float) throws {
    let places = Dictionary(uniqueKeysWithValues: training.weightNames.enumerated().map { ($1, $0) })
    for weight in training.graph.states {
      let name = training.graph.name(of: weight)
      guard let i = places[name], case .state(let initial, _) = training.graph.origin(of: weight) else { continue }
      state.set(name, to: try moved(initial, by: noise, seed: i))
    }
  }

  /// `tensor` and noise of a share of its root mean square.
  private func moved(_ tensor: Tensor, by share: Float, seed: Int) throws -> Tensor {
    var graph = Graph()
    let x = graph.input("x", tensor.type)
    var mean = ReduceMean()
    mean.keepdims = false
    let size = try graph.apply(Sqrt(), graph.apply(mean, graph.apply(Mul(), x, x)))
    var noise = RandomNormalLike()
    (noise.scale, noise.seed) = (share, Float(seed))
    graph.outputs = [try graph.apply(Add(), x, graph.apply(Mul(), graph.apply(noise, x), size))]
    return try Session(graph).run([tensor])[0]
  }

  /// Writes `model.onnx` and its outputs as `output_k.npy`; returns how far the model read back is from what was wanted.
  func export(to folder: URL) throws -> Double {
    var trained = model
    trained.graph = try training.model(state)
    let file = folder.appendingPathComponent("model.onnx")
    try trained.write(to: file)
    let read = try ONNXModel(contentsOf: file)
    let outputs = try Session(try Preparation(threads: 2).program(read.graph)).run(inputs.map(RuntimeValue.tensor))
    var loss = 0.0
    var place = 0
    for (i, output) in outputs.enumerated() {
      guard let tensor = output.tensor, tensor.element == .float32 else { continue }
      try Self.npy(tensor).write(to: folder.appendingPathComponent("output_\(i).npy"))
      let errors = zip(tensor.floats, wanted[place].floats).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      loss += errors / Double(max(tensor.elementCount, 1))
      place += 1
    }
    return loss
  }

  /// A NumPy file of float32, format 1.0.
  private static func npy(_ tensor: Tensor) -> Data {
    let shape = tensor.sizes.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = header.utf8.count
    var data = Data([0x93])
    data.append(Data("NUMPY".utf8))
    data.append(Data([1, 0, UInt8(length & 255), UInt8(length >> 8)]))
    data.append(Data(header.utf8))
    data.append(tensor.withBytes { Data($0) })
    return data
  }
}
