import Foundation
import HoneCompression
import HoneIR
import HoneOperators
import HoneRuntime
import HoneTransforms
import Testing

@Suite struct QuantizeTests {
  /// relu(conv(x)) → conv → sum over both, with weights that differ from channel to channel.
  static func network() throws -> Graph {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("N"), 3, 8, 8]))
    func weights(_ sizes: [Int], _ seed: Int) -> Tensor {
      let count = sizes.reduce(1, *)
      return Tensor(
        (0..<count).map { Float(($0 * 7919 + seed) % 101 - 50) / 200 * Float(1 + $0 * 4 / count) }, shape: sizes)
    }
    var conv = Conv()
    (conv.pads, conv.kernel_shape) = ([1, 1, 1, 1], [3, 3])
    let a = try g.apply(
      conv, x, g.constant(weights([8, 3, 3, 3], 1), "w1"), g.constant(weights([8], 2), "b1"), named: "conv1")
    let b = try g.apply(Relu(), a, named: "relu")
    let c = try g.apply(
      conv, b, g.constant(weights([8, 8, 3, 3], 3), "w2"), g.constant(weights([8], 4), "b2"), named: "conv2")
    let d = try g.apply(GlobalAveragePool(), c, named: "pool")
    let e = try g.apply(Flatten(), d)
    g.outputs = [try g.apply(MatMul(), e, g.constant(weights([8, 5], 5), "w3"), named: "fc")]
    return g
  }

  static func sample(_ seed: Int, count: Int = 2) -> Tensor {
    Tensor((0..<count * 192).map { Float(($0 * 104_729 + seed * 31) % 2001 - 1000) / 1000 }, shape: [count, 3, 8, 8])
  }

  static func quantized(_ options: Quantize) throws -> (float: Graph, integer: Graph) {
    let graph = try network()
    var calibration = try Calibration(graph, options.observations(in: graph))
    for seed in 0..<6 { try calibration.observe([sample(seed, count: 1 + seed % 3)]) }
    var integer = graph
    try options.run(on: &integer, given: calibration.statistics)
    return (graph, integer)
  }

  @Test(arguments: CalibrationMethod.allCases) func `quantized outputs stay close`(method: CalibrationMethod) throws {
    var options = Quantize()
    options.calibration = method
    let (float, integer) = try Self.quantized(options)
    let x = Self.sample(99)
    let expected = try Session(float).run([x])[0].floats
    let got = try Session(integer).run([x])[0].floats
    let scale = expected.map(abs).max()!
    for (a, b) in zip(got, expected) { #expect(abs(a - b) < 0.05 * scale, "\(method.rawValue)") }
  }

  @Test func `lowered integers agree with the pairs within a step`() throws {
    let (_, integer) = try Self.quantized(Quantize())
    let x = Self.sample(7)
    let expected = try Session(integer).run([x])[0].floats
    let lowered = try Preparation(level: 3).graph(integer)
    let names = lowered.sorted().map(\.op.name)
    #expect(names.contains("NHWCQLinearConv"), "\(names)")
    let got = try Session(lowered).run([x])[0].floats
    let scale = expected.map(abs).max()!
    for (a, b) in zip(got, expected) { #expect(abs(a - b) < 0.02 * scale) }
  }

  @Test func `weights have a scale for each channel`() throws {
    let (_, integer) = try Self.quantized(Quantize())
    let pair = integer.sorted().first {
      $0.op is DequantizeLinear && integer.constant($0.operands[0])?.sizes == [8, 3, 3, 3]
    }
    #expect(integer.constant(pair?.operands[1])?.sizes == [8])
    #expect(integer.constant(pair?.operands[0])?.element == .int8)
  }

  @Test func `excluded nodes stay in float and unknown names are errors`() throws {
    var options = Quantize()
    options.nodes_to_exclude = ["re:conv.*"]
    let (_, integer) = try Self.quantized(options)
    #expect(
      integer.sorted().filter { $0.op is Conv }.allSatisfy { integer.constant($0.operands[1])?.element == .float32 })
    options.nodes_to_exclude = ["no such node"]
    #expect(throws: GraphError.self) { try Self.quantized(options) }
  }

  @Test func `memory of calibration does not grow with samples`() throws {
    let graph = try Self.network()
    let observations = try Quantize().observations(in: graph)
    var calibration = try Calibration(graph, observations)
    try calibration.observe([Self.sample(0)])
    let few = calibration.statistics.states.map(\.byteCount)
    for seed in 1..<20 { try calibration.observe([Self.sample(seed)]) }
    #expect(calibration.statistics.states.map(\.byteCount) == few)
  }

  @Test func `ranges always hold zero`() {
    let parameters = QuantizationParameters(range: 2...6, element: .uint8, symmetric: false)
    #expect(parameters.zero == 0)
    #expect(abs(parameters.scale - 6 / 255) < 1e-6)
    let both = QuantizationParameters(range: -1...3, element: .uint8, symmetric: false)
    #expect(both.zero == 64)
  }
}
