import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@Suite struct NHWCNormalizationTests {
  private func values(_ sizes: [Int], seed: Int, range: ClosedRange<Float>) -> Tensor {
    let count = sizes.reduce(1, *)
    let numbers = (0..<count).map { i -> Float in
      let share = Float((i * 7919 + seed * 13) % 1000) / 1000
      return range.lowerBound + share * (range.upperBound - range.lowerBound)
    }
    return Tensor(numbers, shape: sizes)
  }

  @Test(arguments: [false, true]) func `what is made again has the bits of batch normalization`(hasResidual: Bool)
    throws
  {
    let sizes = [3, 5, 7, 20]
    var g = Graph()
    let x = g.input("x", TensorType(.float32, sizes)), residual = g.input("residual", TensorType(.float32, sizes))
    let vectors = (0..<4).map { i in
      g.constant(values([20], seed: i, range: 0.1...2))
    }
    var op = NHWCBatchNormalization()
    (op.low, op.high, op.momentum) = (0, 6, 0.7)
    let results = try g.apply(op, [x] + vectors + (hasResidual ? [residual] : []), resultCount: 5)
    let node = try #require(g.producer(of: results[0]))
    let again = try #require(try op.recompute(node, node.operands, in: &g))
    #expect(g.producer(of: again)?.op is NHWCNormalization)
    g.outputs = [results[0], again]
    let data = [3, 17].map { values(sizes, seed: $0, range: -2...2) }
    for threads in [1, 2] {
      let outputs = try Session(g, threads: threads).run(data)
      #expect(outputs[0].isIdentical(to: outputs[1]))
      #expect(outputs[0].floats.contains { $0 > 0 && $0 < 6 })
    }
  }
}
