import HoneIR
import HoneOperators
import Testing

/// Recurrent operators with bytes for weights against those of float64 with the weights that the bytes stand for.
@Suite struct IntegerRecurrentTests {
  /// W or R `[directions, rows, depth]` as bytes, turned, with scales and zero points, and what these stand for.
  private static func quantized(_ tensor: Tensor, perColumn: Bool, isUnsigned: Bool) -> (
    operands: [Tensor], worth: Tensor
  ) {
    let (directions, rows, depth) = (tensor.sizes[0], tensor.sizes[1], tensor.sizes[2])
    let (floats, groups) = (tensor.floats, perColumn ? directions * rows : directions)
    let scales = (0..<groups).map { 0.004 + Float($0 % 5) * 0.0005 }
    let zeros = (0..<groups).map { isUnsigned ? 120 + $0 % 9 : 0 }
    let low = isUnsigned ? 0 : -128
    var (bytes, worth) = ([Int](repeating: 0, count: floats.count), floats)
    for row in 0..<directions * rows {
      let group = perColumn ? row : row / rows
      for i in 0..<depth {
        let at = row * depth + i
        let byte = max(low, min(low + 255, Int((floats[at] / scales[group]).rounded()) + zeros[group]))
        bytes[(row / rows * depth + i) * rows + row % rows] = byte
        worth[at] = Float(byte - zeros[group]) * scales[group]
      }
    }
    func bytesTensor(_ values: [Int], _ shape: [Int]) -> Tensor {
      isUnsigned ? Tensor(values.map { UInt8($0) }, shape: shape) : Tensor(values.map { Int8($0) }, shape: shape)
    }
    let shape = perColumn ? [directions, rows] : [directions]
    return (
      [bytesTensor(bytes, [directions, depth, rows]), Tensor(scales, shape: shape), bytesTensor(zeros, shape)],
      Tensor(worth, shape: tensor.sizes)
    )
  }

  @Test(arguments: NarrowRecurrentTests.examples, [true, false])
  func `bytes are computed with as what they stand for`(example: RecurrentExample, perColumn: Bool) throws {
    let operands = example.operands()
    let w = Self.quantized(operands[1]!, perColumn: perColumn, isUnsigned: !perColumn)
    let r = Self.quantized(operands[2]!, perColumn: perColumn, isUnsigned: !perColumn)
    let op = try #require(IntegerRecurrent(example.op))
    var all = operands + [Tensor?](repeating: nil, count: 8 - operands.count)
    (all[1], all[2]) = (w.operands[0], r.operands[0])
    for tensor in w.operands[1...] + r.operands[1...] { all.append(tensor) }
    let results = try RecurrentExample.run(
      op, all, constants: [1, 2, 8, 9, 10, 11], resultCount: example.resultCount)
    #expect(results.allSatisfy { $0.element == .float32 })
    let expected = try example.reference { i, tensor in i == 1 ? w.worth : i == 2 ? r.worth : tensor }
    #expect(RecurrentExample.distance(results, expected) < 5e-4)
  }

  @Test func `weights that are not constant are refused`() throws {
    let example = NarrowRecurrentTests.examples[0]
    let operands = example.operands()
    let w = Self.quantized(operands[1]!, perColumn: true, isUnsigned: false).operands
    let r = Self.quantized(operands[2]!, perColumn: true, isUnsigned: false).operands
    var all = operands
    (all[1], all[2]) = (w[0], r[0])
    let op = try #require(IntegerRecurrent(example.op))
    for tensor in w[1...] + r[1...] { all.append(tensor) }
    let complete = all
    #expect(throws: GraphError.self) { try RecurrentExample.run(op, complete, resultCount: example.resultCount) }
    #expect(IntegerRecurrent(Relu()) == nil)
  }
}
