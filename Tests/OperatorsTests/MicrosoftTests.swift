import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// Operators of com.microsoft against values that ONNX Runtime 1.31.1 computes.
@Suite struct MicrosoftTests {
  /// The results of one node of `name` on `operands`.
  private func run(
    _ name: String, _ operands: [Tensor?], _ attributes: Attributes = [:], results: Int = 1
  ) throws -> [Tensor] {
    var graph = Graph()
    let type = try #require(Catalog.find(name, domain: "com.microsoft"))
    let values = operands.enumerated().map { i, tensor in tensor.map { graph.input("x\(i)", $0.type) } }
    graph.outputs = try graph.apply(try type.init(attributes: attributes), values, resultCount: results)
    return try Session(graph).run(operands.compactMap { $0 })
  }

  private func u8(_ values: UInt8...) -> Tensor { Tensor(values, shape: [values.count]) }
  private func f32(_ shape: [Int], _ values: Float...) -> Tensor { Tensor(values, shape: shape) }

  private func expect(_ tensor: Tensor, near expected: [Double], within tolerance: Double) {
    #expect(tensor.elementCount == expected.count)
    for (x, y) in zip(tensor.doubles, expected) { #expect(abs(x - y) <= tolerance, "\(x) is not \(y)") }
  }

  @Test func addsQuantized() throws {
    let y = try run(
      "QLinearAdd",
      [
        u8(0, 50, 200, 255), .scalar(Float(0.1)), .scalar(UInt8(100)), u8(10, 20, 30, 40), .scalar(Float(0.2)),
        .scalar(UInt8(20)), .scalar(Float(0.25)), .scalar(UInt8(90)),
      ])
    expect(y[0], near: [42, 70, 138, 168], within: 1)
  }

  @Test func multipliesQuantized() throws {
    let y = try run(
      "QLinearMul",
      [
        u8(0, 50, 200, 255), .scalar(Float(0.1)), .scalar(UInt8(100)), u8(10, 20, 30, 40), .scalar(Float(0.2)),
        .scalar(UInt8(20)), .scalar(Float(0.5)), .scalar(UInt8(90)),
      ])
    expect(y[0], near: [130, 90, 130, 214], within: 1)
  }

  @Test func appliesSigmoidToQuantized() throws {
    let y = try run(
      "QLinearSigmoid",
      [
        u8(0, 64, 128, 200, 255), .scalar(Float(0.05)), .scalar(UInt8(128)), .scalar(Float(1) / 256), .scalar(UInt8(0)),
      ])
    expect(y[0], near: [0, 10, 128, 249, 255], within: 1)
  }

  @Test func concatenatesQuantized() throws {
    let y = try run(
      "QLinearConcat",
      [
        .scalar(Float(0.1)), .scalar(UInt8(10)), u8(1, 2, 3), .scalar(Float(0.1)), .scalar(UInt8(0)), u8(10, 20),
        .scalar(Float(0.3)), .scalar(UInt8(5)),
      ], ["axis": .int(0)])
    expect(y[0], near: [11, 12, 13, 25, 55], within: 1)
  }

  @Test func averagesQuantizedPlanes() throws {
    let x = Tensor([UInt8](arrayLiteral: 1, 2, 3, 4, 10, 20, 30, 41), shape: [1, 2, 2, 2])
    let y = try run(
      "QLinearGlobalAveragePool",
      [x, .scalar(Float(0.1)), .scalar(UInt8(0)), .scalar(Float(0.05)), .scalar(UInt8(5))])
    expect(y[0], near: [10, 55], within: 1)
  }

  @Test func multipliesQuantizedMatrices() throws {
    let a = Tensor([UInt8](arrayLiteral: 1, 2, 3, 4, 5, 6), shape: [2, 3])
    let b = Tensor([Int8](arrayLiteral: 1, -2, 3, 4, -5, 6), shape: [3, 2])
    let y = try run(
      "QGemm",
      [
        a, .scalar(Float(0.5)), .scalar(UInt8(2)), b, .scalar(Float(0.25)), .scalar(Int8(1)),
        Tensor([Int32(4), -8], shape: [2]), .scalar(Float(0.5)), .scalar(UInt8(20)),
      ])
    expect(y[0], near: [20, 20, 16, 24], within: 1)
  }

  @Test func quantizesWhileMultiplying() throws {
    let b = Tensor([Int8](arrayLiteral: 10, -20, 30, 40, -50, 60), shape: [3, 2])
    let y = try run("DynamicQuantizeMatMul", [f32([2, 3], 1, -2, 3, 0.5, 2, -1), b, .scalar(Float(0.1))])
    expect(y[0], near: [-20.000002, 8, 11.509805, 0.980392], within: 1e-4)
  }

  @Test func appliesGeluWithBias() throws {
    let (x, bias) = (f32([2, 3], -2, -1, 0, 1, 2, 3), f32([3], 0.5, -0.5, 0.25))
    let exact = [-0.1002108, -0.1002108, 0.1496766, 1.3997892, 1.3997892, 3.2481246]
    expect(try run("BiasGelu", [x, bias])[0], near: exact, within: 1e-5)
    let fast = [-0.1004284, -0.1004284, 0.1496754, 1.3995715, 1.3995715, 3.2484314]
    expect(try run("FastGelu", [x, bias])[0], near: fast, within: 1e-5)
    let quick = [-0.0643414, -0.1542042, 0, 0.8457958, 1.9356587]
    expect(try run("QuickGelu", [f32([5], -2, -1, 0, 1, 2)])[0], near: quick, within: 1e-5)
  }

  @Test func normalizesSums() throws {
    let y = try run(
      "SkipLayerNormalization",
      [
        f32([1, 1, 4], 1, 2, 3, 4), f32([1, 1, 4], 0.5, -1, 0, 2), f32([4], 1, 0.5, 2, 1), f32([4], 0, 1, 0, -1),
      ])
    expect(y[0], near: [-0.7056503, 0.5188748, 0.1283001, 0.6037507], within: 1e-5)
  }

  @Test func multipliesTransposed() throws {
    let y = try run(
      "FusedMatMul", [f32([2, 3], 1, 2, 3, 4, 5, 6), f32([2, 3], 1, 0, 2, -1, 1, 3)],
      ["alpha": .float(0.5), "transB": .int(1)])
    expect(y[0], near: [3.5, 5, 8, 9.5], within: 1e-5)
  }

  @Test func attends() throws {
    let y = try run(
      "MultiHeadAttention", [f32([1, 2, 2], 1, 0, 0, 1), f32([1, 2, 2], 1, 2, 3, 4), f32([1, 2, 2], 5, 6, 7, 8)],
      ["num_heads": .int(1)])
    expect(y[0], near: [6.6088595, 7.6088591, 6.6088595, 7.6088591], within: 1e-5)
    let weights = Tensor((0..<12).map { Float($0) / 10 - 0.5 }, shape: [2, 6])
    let z = try run(
      "Attention", [f32([1, 2, 2], 1, 2, -1, 1), weights, f32([6], 0, 0.1, 0, 0.2, 0, 0.3)],
      ["num_heads": .int(1), "unidirectional": .int(1)])
    expect(z[0], near: [0.9, 1.5, 0.7404669, 1.1809338], within: 1e-5)
  }

  @Test func refusesWhatItCannotDo() {
    #expect(throws: GraphError.self) {
      try run(
        "MatMulNBits", [Tensor([Float](repeating: 1, count: 16), shape: [1, 16]), nil, nil],
        ["K": .int(16), "N": .int(2), "block_size": .int(16), "bits": .int(3)])
    }
  }
}
