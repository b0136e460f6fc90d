import Foundation
import HoneIR
import HoneOperators
import HoneRuntime
import Testing

/// What ONNX Runtime computes is compared in OperatorCaseTests; here are texts of different lengths in one batch.
@Suite struct GroupQueryAttentionTests {
  private static let (heads, keyHeads, width) = (4, 2, 8)

  private static func wave(_ sizes: [Int], _ seed: Int) -> Tensor { CountedAttentionTests.wave(sizes, seed) }

  private static var tables: [Tensor] {
    let half = width / 2
    let angles: [Double] = (0..<20 * half).map { i in
      let speed: Double = pow(10, Double(i % half))
      return Double(i / half) / speed
    }
    let (cosines, sines): ([Float], [Float]) = (angles.map { Float(cos($0)) }, angles.map { Float(sin($0)) })
    return [Tensor(cosines, shape: [20, half]), Tensor(sines, shape: [20, half])]
  }

  private static func operands(_ packed: Tensor, _ past: [Tensor], _ lengths: [Int], _ total: Int) -> [Tensor?] {
    let last: [Int32] = lengths.map { Int32($0 - 1) }
    var operands: [Tensor?] = [packed, nil, nil]
    operands += past.map { $0 }
    operands += [Tensor(last, shape: [lengths.count]), Tensor.scalar(Int32(total))]
    return operands + tables.map { $0 }
  }

  private static func run(_ operands: [Tensor?]) throws -> [Tensor] {
    var op = Microsoft.GroupQueryAttention()
    (op.num_heads, op.kv_num_heads, op.do_rotary) = (heads, keyHeads, true)
    var g = Graph()
    let inputs = operands.enumerated().map { i, tensor in tensor.map { g.input("\(i)", $0.type) } }
    g.outputs = try g.apply(op, inputs, resultCount: 3)
    return try Session(g).run(operands.compactMap(\.self))
  }

  private static func rows(_ x: Tensor, _ sample: Int, _ range: Range<Int>) -> [Float] {
    let (steps, features) = (x.sizes[1], x.sizes[2])
    let first: Int = (sample * steps + range.lowerBound) * features
    return Array(x.floats[first..<first + range.count * features])
  }

  /// A prompt padded at its end, then tokens: each sample as if it were alone.
  @Test(arguments: [0, 16]) func `samples of different lengths`(room: Int) throws {
    let features = (Self.heads + 2 * Self.keyHeads) * Self.width
    let (prompt, lengths) = (Self.wave([2, 6, features], 1), [6, 4])
    func empty(_ batch: Int) -> [Tensor] {
      let past = Tensor.zeros(TensorType(.float32, [batch, Self.keyHeads, room, Self.width]))
      return [past, past]
    }
    var together = try Self.run(Self.operands(prompt, empty(2), lengths, 6))
    var alone: [[Tensor]] = []
    for (i, length) in lengths.enumerated() {
      let text = Tensor(Self.rows(prompt, i, 0..<length), shape: [1, length, features])
      alone.append(try Self.run(Self.operands(text, empty(1), [length], length)))
      let expected = alone[i][0].floats
      #expect(zip(Self.rows(together[0], i, 0..<length), expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }
    for step in 1...4 {
      let tokens = Self.wave([2, 1, features], 5 + step)
      let now = lengths.map { $0 + step }
      together = try Self.run(Self.operands(tokens, Array(together[1...]), now, now.max()!))
      for i in 0..<2 {
        let token = Tensor(Self.rows(tokens, i, 0..<1), shape: [1, 1, features])
        alone[i] = try Self.run(Self.operands(token, Array(alone[i][1...]), [now[i]], now[i]))
        let (result, expected) = (Self.rows(together[0], i, 0..<1), alone[i][0].floats)
        #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "token \(step), sample \(i)")
      }
    }
  }

  @Test func `what has no kernel is refused with its name`() throws {
    func message(_ change: (inout Microsoft.GroupQueryAttention) -> Void, operands: Int = 7) -> String {
      var op = Microsoft.GroupQueryAttention()
      (op.num_heads, op.kv_num_heads) = (4, 2)
      change(&op)
      var g = Graph()
      let query = g.input("query", TensorType(.float32, [1, 1, 64]))
      let counts = g.input("counts", TensorType(.int32, [1])), total = g.input("total", TensorType(.int32, [] as [Int]))
      let sinks = g.input("sinks", TensorType(.float32, [4]))
      let all: [Value?] = [query, nil, nil, nil, nil, counts, total, nil, nil, nil, nil, sinks]
      let error = #expect(throws: GraphError.self) { try g.apply(op, Array(all.prefix(operands)), resultCount: 3) }
      return error?.message ?? ""
    }
    #expect(message { $0.kv_num_heads = 3 }.contains("no multiple"))
    #expect(message { $0.smooth_softmax = 1 }.contains("smooth_softmax"))
    #expect(message({ _ in }, operands: 12).contains("sinks"))
    #expect(message { $0.k_quant_type = "PER_TENSOR" }.contains("quantized"))
    #expect(message { $0.do_rotary = true }.contains("cosines"))
  }
}
