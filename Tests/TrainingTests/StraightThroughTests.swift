import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct StraightThroughTests {
  /// The gradient of Σ cotangent · dequantized(quantized(x)).
  private func gradient(_ x: Tensor, scale: Tensor, zero: Tensor, axis: Int, cotangent: Tensor) throws -> [Float] {
    var graph = Graph()
    let input = graph.input("x", x.type)
    var quantize = QuantizeLinear()
    var dequantize = DequantizeLinear()
    (quantize.axis, dequantize.axis) = (axis, axis)
    let (s, z) = (graph.constant(scale), graph.constant(zero))
    let y = try graph.apply(dequantize, graph.apply(quantize, input, s, z), s, z)
    var sum = ReduceSum()
    sum.keepdims = false
    let loss = try graph.apply(sum, graph.apply(Mul(), y, graph.constant(cotangent)))
    let gradients = try graph.appendGradients(of: loss, for: [input])
    graph.outputs = [try #require(gradients[0])]
    return try Session(graph).run([x])[0].floats
  }

  @Test func `the cotangent passes where values are not clipped`() throws {
    let x = Tensor([Float](arrayLiteral: -3, -0.5, 0, 0.9, 1.26, 2), shape: [6])
    let cotangent = Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5, 6), shape: [6])
    let result = try gradient(
      x, scale: .scalar(Float(0.01)), zero: .scalar(Int8(0)), axis: 0, cotangent: cotangent)
    #expect(result == [0, 2, 3, 4, 5, 0])
  }

  @Test func `each channel has a range of its own`() throws {
    let x = Tensor([Float](arrayLiteral: -0.1, 2, 2, -1, 2, 30), shape: [2, 3])
    let cotangent = Tensor([Float](repeating: 1, count: 6), shape: [2, 3])
    let result = try gradient(
      x, scale: Tensor([Float](arrayLiteral: 0.004, 0.1), shape: [2]), zero: Tensor([UInt8(0), 10], shape: [2]),
      axis: 0,
      cotangent: cotangent)
    #expect(result == [0, 0, 0, 1, 1, 0])
  }
}
