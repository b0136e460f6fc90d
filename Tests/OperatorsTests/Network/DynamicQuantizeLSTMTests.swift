import HoneIR
import HoneOperators
import Testing

/// LSTM with bytes for weights against that of float64 with the weights that the bytes stand for.
@Suite struct DynamicQuantizeLSTMTests {
  struct Case: Sendable, CustomStringConvertible {
    var example: RecurrentExample
    var perColumn = true
    var isUnsigned = false
    var description: String { "\(example) \(perColumn ? "per column" : "") \(isUnsigned ? "u8" : "s8")" }
  }

  private static func lstm(_ change: (inout LSTM, inout RecurrentExample) -> Void = { _, _ in }) -> RecurrentExample {
    var op = LSTM()
    var example = RecurrentExample(op: op, gates: 4)
    change(&op, &example)
    example.op = op
    return example
  }

  static let cases: [Case] = [
    Case(example: lstm()),
    Case(
      example: lstm { _, item in
        item.batch = 5; item.hasStates = true
      }, perColumn: false),
    Case(
      example: lstm { op, item in
        op.direction = .bidirectional; item.batch = 3; item.hasPeepholes = true
      }, isUnsigned: true),
    Case(
      example: lstm { op, item in
        op.direction = .bidirectional; item.hasStates = true; item.hidden = 33
      }, perColumn: false,
      isUnsigned: true),
    Case(
      example: lstm { op, item in
        op.direction = .reverse; item.batch = 4; item.hasLengths = true
      }),
    Case(
      example: lstm { op, _ in
        op.clip = 0.5; op.input_forget = true; op.activations = ["HardSigmoid", "Tanh", "Softsign"]
      }),
    Case(
      example: lstm { _, item in
        item.steps = 300; item.batch = 2
      }),
  ]

  /// W or R in bytes, turned, its scales and zero points, and the weights that these stand for.
  private func quantized(_ tensor: Tensor, _ item: Case) -> (operands: [Tensor], worth: Tensor) {
    let (directions, rows, depth) = (tensor.sizes[0], tensor.sizes[1], tensor.sizes[2])
    let floats = tensor.floats
    let groups = item.perColumn ? directions * rows : directions
    func group(_ row: Int) -> Int { item.perColumn ? row : row / rows }
    let scales = (0..<groups).map { 0.004 + Float($0 % 5) * 0.0005 }
    let zeros = (0..<groups).map { item.isUnsigned ? 120 + $0 % 9 : 0 }
    var (bytes, worth) = ([Int](repeating: 0, count: floats.count), floats)
    for direction in 0..<directions {
      for row in 0..<rows {
        let (all, scale) = (direction * rows + row, scales[group(direction * rows + row)])
        for i in 0..<depth {
          let at = all * depth + i
          let zero = zeros[group(all)]
          let low = item.isUnsigned ? 0 : -128
          let byte = max(low, min(low + 255, Int((floats[at] / scale).rounded()) + zero))
          bytes[(direction * depth + i) * rows + row] = byte
          worth[at] = Float(byte - zero) * scale
        }
      }
    }
    let (turned, shape) = ([directions, depth, rows], item.perColumn ? [directions, rows] : [directions])
    let integers =
      item.isUnsigned
      ? [Tensor(bytes.map { UInt8($0) }, shape: turned), Tensor(zeros.map { UInt8($0) }, shape: shape)]
      : [Tensor(bytes.map { Int8($0) }, shape: turned), Tensor(zeros.map { Int8($0) }, shape: shape)]
    return ([integers[0], Tensor(scales, shape: shape), integers[1]], Tensor(worth, shape: tensor.sizes))
  }

  /// Results, and those of float64. With `exact`, X lies on the grid of bytes, so that nothing of it is lost.
  private func distance(_ item: Case, exact: Bool, constant: Bool = true) throws -> Double {
    let example = item.example
    var operands = example.operands()
    let (w, r) = (quantized(operands[1]!, item), quantized(operands[2]!, item))
    if exact {
      let (sizes, inputs) = (operands[0]!.sizes, operands[0]!.sizes.last!)
      // Every row reaches from −100 to 155 steps of 1/64, a power of two.
      operands[0] = Tensor(
        (0..<sizes.reduce(1, *)).map { i in
          let column = i % inputs
          return Float(column == 0 ? -100 : column == 1 ? 155 : i * 37 % 256 - 100) / 64
        }, shape: sizes)
    }
    let op = try #require(Microsoft.DynamicQuantizeLSTM(example.op as! LSTM))
    (operands[1], operands[2]) = (w.operands[0], r.operands[0])
    let all: [Tensor?] = operands + [w.operands[1], w.operands[2], r.operands[1], r.operands[2]]
    let results = try RecurrentExample.run(
      op, all, constants: constant ? [1, 2, 8, 9, 10, 11] : [], resultCount: 3)
    let changed: [Int: Tensor] = [0: operands[0]!, 1: w.worth, 2: r.worth]
    let expected = try example.reference { i, tensor in changed[i] ?? tensor }
    return RecurrentExample.distance(results, expected)
  }

  @Test(arguments: cases) func `inputs on the grid lose nothing, states hardly anything`(item: Case) throws {
    #expect(try distance(item, exact: true) < 2e-4)
  }

  @Test(arguments: cases) func `other inputs lose half a step of their row`(item: Case) throws {
    #expect(try distance(item, exact: false) < 0.02)
  }

  @Test func `weights that are not constant are computed with in float32`() throws {
    #expect(try distance(Self.cases[0], exact: false, constant: false) < 1e-5)
  }
}
