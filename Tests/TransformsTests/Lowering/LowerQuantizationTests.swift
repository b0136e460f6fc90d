import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

/// Models with quantization pairs: which operators become integer ones, and that results stay within one step.
@Suite struct LowerQuantizationTests {
  /// A quantized graph under construction.
  private struct Builder {
    var graph = Graph()

    mutating func pair(_ x: Value, scale: Float, zero: UInt8) throws -> Value {
      let (s, z) = (graph.constant(.scalar(scale)), graph.constant(.scalar(zero)))
      return try graph.apply(DequantizeLinear(), graph.apply(QuantizeLinear(), x, s, z), s, z)
    }

    mutating func weights(_ sizes: [Int], axis: Int, scale: Float = 0.02) throws -> Value {
      var random = RandomNumbers(seed: 3)
      let integers = (0..<sizes.reduce(1, *)).map { _ in Int8(max(-127, min(127, random.normal() * 40))) }
      var op = DequantizeLinear()
      op.axis = axis
      let scales = (0..<sizes[axis]).map { scale * (1 + Float($0 % 3) / 4) }
      return try graph.apply(
        op, graph.constant(Tensor(integers, shape: sizes)), graph.constant(Tensor(scales, shape: [sizes[axis]])),
        graph.constant(Tensor([Int8](repeating: 0, count: sizes[axis]), shape: [sizes[axis]])))
    }

    mutating func conv(_ x: Value, _ sizes: [Int], group: Int = 1, pads: Int = 0) throws -> Value {
      var op = Conv()
      op.group = group
      if pads > 0 { op.pads = [Int](repeating: pads, count: 4) }
      return try graph.apply(op, x, weights(sizes, axis: 0))
    }
  }

  /// Builds, lowers and runs; results may differ by `steps` of the last scale. Returns the operators that run.
  private func operators(
    _ sizes: [Int], steps: Float = 1, scale: Float, _ build: (inout Builder, Value) throws -> Value
  ) throws -> [String] {
    var builder = Builder()
    let x = builder.graph.input("x", TensorType(.float32, sizes))
    builder.graph.outputs = [try build(&builder, x)]
    let lowered = try Preparation(level: 3).graph(builder.graph)
    var random = RandomNumbers(seed: 5)
    let input = Tensor((0..<sizes.reduce(1, *)).map { _ in Float(random.normal()) }, shape: sizes)
    let expected = try Session(builder.graph).run([input])[0]
    let found = try Session(lowered).run([input])[0]
    #expect(expected.type == found.type)
    for (a, b) in zip(expected.floats, found.floats) { #expect(abs(a - b) <= steps * scale * 1.001) }
    return lowered.sorted().map(\.op.name)
  }

  private let pairs: Set = ["QuantizeLinear", "DequantizeLinear"]

  @Test func `a residual block is one quantization, convolutions and one dequantization`() throws {
    // A sum of reals that lies between two integers may round either way, in the convolution and after the residual.
    let ops = try operators([1, 8, 9, 7], steps: 2, scale: 0.05) { b, x in
      let q = try b.pair(x, scale: 0.03, zero: 128)
      let first = try b.pair(b.graph.apply(Relu(), b.conv(q, [16, 8, 1, 1])), scale: 0.04, zero: 0)
      let second = try b.pair(b.conv(first, [8, 16, 3, 3], pads: 1), scale: 0.05, zero: 120)
      return try b.pair(b.graph.apply(Relu(), b.graph.apply(Add(), second, q)), scale: 0.05, zero: 0)
    }
    #expect(ops.filter { $0 == "NHWCQLinearConv" }.count == 2)
    #expect(!ops.contains("QLinearAdd") && !ops.contains("Relu"))
    #expect(ops.filter { pairs.contains($0) } == ["QuantizeLinear", "DequantizeLinear"])
  }

  @Test func `the sum of a convolution is rounded before the residual is added, exactly as the pairs say`() throws {
    // Scales are powers of two, so that nothing else rounds.
    let ops = try operators([2, 64, 6, 5], steps: 0, scale: 1) { b, x in
      let q = try b.pair(x, scale: 1 / 32, zero: 128)
      var op = DequantizeLinear()
      op.axis = 0
      let ones = b.graph.constant(Tensor((0..<64 * 64).map { Int8($0 % 7) - 3 }, shape: [64, 64, 1, 1]))
      let w = try b.graph.apply(
        op, ones, b.graph.constant(Tensor([Float](repeating: 0.25, count: 64), shape: [64])),
        b.graph.constant(Tensor([Int8](repeating: 0, count: 64), shape: [64])))
      let y = try b.pair(b.graph.apply(Conv(), q, w), scale: 0.125, zero: 100)
      return try b.pair(b.graph.apply(Add(), y, q), scale: 0.25, zero: 90)
    }
    #expect(!ops.contains("QLinearAdd") && ops.contains("NHWCQLinearConv"))
  }

  @Test(arguments: [false, true])
  func `sums of products are rounded before biases and residuals are added`(isRow: Bool) throws {
    // Scales are powers of two, so that nothing else rounds.
    let ops = try operators([2, 5, 80], steps: 0, scale: 1) { b, x in
      let q = try b.pair(x, scale: 1 / 32, zero: 128)
      let weights = b.graph.constant(Tensor((0..<80 * 80).map { Int8($0 % 7) - 3 }, shape: [80, 80]))
      let w = try b.graph.apply(
        DequantizeLinear(), weights, b.graph.constant(.scalar(Float(0.25))), b.graph.constant(.scalar(Int8(0))))
      let y = try b.pair(b.graph.apply(MatMul(), q, w), scale: 0.125, zero: 100)
      let bias = b.graph.constant(Tensor((0..<80).map { UInt8($0 * 3) }, shape: [80]))
      let row = try b.graph.apply(
        DequantizeLinear(), bias, b.graph.constant(.scalar(Float(1) / 16)), b.graph.constant(.scalar(UInt8(120))))
      return try b.pair(b.graph.apply(Add(), isRow ? row : y, isRow ? y : q), scale: 0.25, zero: 90)
    }
    #expect(!ops.contains("QLinearAdd") && ops.contains("QLinearMatMulSum"))
  }

  @Test func `functions of one byte become tables`() throws {
    let ops = try operators([2, 8, 5, 5], steps: 0, scale: 1) { b, x in
      let q = try b.pair(x, scale: 0.03, zero: 128)
      let gate = try b.pair(b.graph.apply(Sigmoid(), q), scale: 1 / 255, zero: 0)
      let silu = try b.pair(b.graph.apply(Mul(), q, gate), scale: 0.02, zero: 20)
      let swish = try b.pair(b.graph.apply(HardSwish(), silu), scale: 0.01, zero: 40)
      return try b.pair(b.graph.apply(LeakyRelu(), swish), scale: 0.02, zero: 60)
    }
    #expect(ops.filter { $0 == "ByteTable" }.count >= 3)
    #expect(Set(ops).isSubset(of: pairs.union(["ByteTable"])))
  }

  @Test func `squeeze and excitation stays in bytes`() throws {
    let ops = try operators([2, 16, 6, 5], steps: 2, scale: 0.05) { b, x in
      let q = try b.pair(x, scale: 0.03, zero: 128)
      let y = try b.pair(b.conv(q, [16, 1, 3, 3], group: 16, pads: 1), scale: 0.06, zero: 128)
      let mean = try b.pair(b.graph.apply(GlobalAveragePool(), y), scale: 0.02, zero: 128)
      let gate = try b.pair(
        b.graph.apply(Sigmoid(), b.pair(b.conv(mean, [16, 16, 1, 1]), scale: 0.03, zero: 128)), scale: 1 / 255, zero: 0)
      return try b.pair(b.graph.apply(Mul(), gate, y), scale: 0.05, zero: 128)
    }
    #expect(ops.contains("QLinearMul") && ops.contains("QLinearGlobalAveragePool") && ops.contains("ByteTable"))
    #expect(ops.filter { pairs.contains($0) } == ["QuantizeLinear", "DequantizeLinear"])
  }

  @Test func `halves of shuffled channels stay in bytes`() throws {
    let ops = try operators([1, 16, 6, 6], scale: 0.04) { b, x in
      let q = try b.pair(x, scale: 0.03, zero: 128)
      let y = try b.pair(b.conv(q, [16, 16, 1, 1]), scale: 0.06, zero: 128)
      var split = Split()
      (split.axis, split.num_outputs) = (1, 2)
      let halves = try b.graph.apply(split, [y], resultCount: 2)
      let right = try b.pair(b.conv(halves[1], [8, 8, 1, 1]), scale: 0.05, zero: 128)
      let all = try b.pair(
        b.graph.apply(try Concat(attributes: ["axis": .int(1)]), halves[0], right), scale: 0.04, zero: 120)
      let groups = try b.graph.apply(Reshape(), all, b.graph.constant(.integers([1, 2, 8, 6, 6])))
      var transpose = Transpose()
      transpose.perm = [0, 2, 1, 3, 4]
      let turned = try b.graph.apply(transpose, groups)
      let shuffled = try b.graph.apply(Reshape(), turned, b.graph.constant(.integers([1, 16, 6, 6])))
      return try b.pair(b.conv(shuffled, [4, 16, 1, 1]), scale: 0.04, zero: 128)
    }
    #expect(ops.contains("NHWCChannelShuffle") && ops.contains("ByteTable"))
    #expect(ops.filter { pairs.contains($0) } == ["QuantizeLinear", "DequantizeLinear"])
    #expect(ops.filter { $0 == "Transpose" }.count == 2)
  }

  @Test func `an activation that the range does not imply limits the bytes`() throws {
    let ops = try operators([2, 8, 4, 4], scale: 0.05) { b, x in
      let q = try b.pair(x, scale: 0.03, zero: 128)
      return try b.pair(b.graph.apply(Relu(), b.conv(q, [8, 8, 1, 1])), scale: 0.05, zero: 100)
    }
    #expect(ops.contains("NHWCQLinearConv") && ops.contains("ByteTable") && !ops.contains("Relu"))
  }

  @Test func `pools of bytes`() throws {
    let ops = try operators([2, 8, 8, 8], scale: 0.05) { b, x in
      let q = try b.pair(b.conv(b.pair(x, scale: 0.03, zero: 128), [8, 8, 1, 1]), scale: 0.05, zero: 128)
      var maximum = MaxPool()
      (maximum.kernel_shape, maximum.strides) = ([2, 2], [2, 2])
      var average = AveragePool()
      (average.kernel_shape, average.pads) = ([3, 3], [1, 1, 1, 1])
      let y = try b.pair(b.graph.apply(average, b.graph.apply(maximum, q)), scale: 0.04, zero: 128)
      return try b.pair(b.graph.apply(ReduceMean(), y, b.graph.constant(.integers([2, 3]))), scale: 0.05, zero: 128)
    }
    #expect(ops.contains("NHWCMaxPool") && ops.contains("QLinearAveragePool"))
    #expect(ops.contains("QLinearGlobalAveragePool") && !ops.contains("ReduceMean"))
  }

  @Test func `dynamic quantization is one product with scales and bias`() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [5, 24]))
    let q = try graph.apply(DynamicQuantizeLinear(), [x], resultCount: 3)
    let w = graph.constant(Tensor((0..<24 * 17).map { Int8($0 % 200 - 100) }, shape: [24, 17]))
    let scales = graph.constant(Tensor((0..<17).map { 0.01 + Float($0) / 1000 }, shape: [17]))
    let zeros = graph.constant(Tensor([Int8](repeating: 0, count: 17), shape: [17]))
    let sums = try graph.apply(MatMulInteger(), q[0], w, q[2], zeros)
    let product = try graph.apply(Mul(), graph.apply(Cast(to: .float32), sums), graph.apply(Mul(), q[1], scales))
    let bias = graph.constant(Tensor((0..<17).map { Float($0) / 7 }, shape: [17]))
    graph.outputs = [try graph.apply(Add(), bias, product)]
    let lowered = try Preparation(level: 3).graph(graph)
    #expect(lowered.sorted().map(\.op.name) == ["DynamicQuantizeLinear", "MatMulIntegerToFloat"])
    var random = RandomNumbers(seed: 5)
    let input = Tensor((0..<5 * 24).map { _ in Float(random.normal()) }, shape: [5, 24])
    let (a, b) = (try Session(graph).run([input])[0], try Session(lowered).run([input])[0])
    for (x, y) in zip(a.floats, b.floats) { #expect(abs(x - y) <= 1e-5 * max(1, abs(x))) }
  }

  @Test func `edges that leave the integers are listed with the reason`() throws {
    var builder = Builder()
    let x = builder.graph.input("x", TensorType(.float32, [1, 8, 4, 4]))
    let q = try builder.pair(x, scale: 0.03, zero: 128)
    let y = try builder.pair(builder.conv(q, [8, 8, 1, 1]), scale: 0.05, zero: 128)
    let soft = try builder.pair(builder.graph.apply(Softmax(), y), scale: 1 / 255, zero: 0)
    builder.graph.outputs = [try builder.conv(soft, [4, 8, 1, 1])]
    builder.graph.rename(builder.graph.outputs[0], to: "y")
    let edges = try Preparation(level: 3).graph(builder.graph).dequantizedEdges
    #expect(edges.contains { $0.reader == "Softmax" && $0.reason == "Softmax has no integer form" })
    #expect(edges.allSatisfy { !$0.value.isEmpty && !$0.reason.isEmpty })
    var whole = Builder()
    let input = whole.graph.input("x", TensorType(.float32, [1, 8, 4, 4]))
    let first = try whole.pair(input, scale: 0.03, zero: 128)
    whole.graph.outputs = [try whole.pair(whole.conv(first, [8, 8, 1, 1]), scale: 0.05, zero: 128)]
    #expect(try Preparation(level: 3).graph(whole.graph).dequantizedEdges.map(\.reader) == ["output"])
  }
}
