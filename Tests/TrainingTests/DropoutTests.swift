import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct DropoutTests {
  /// A session that gives y, the mask and the gradient of Σ y.
  private func session(_ count: Int, ratio: Float, seed: Int?, threads: Int = 1) throws -> Session {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [count]))
    var op = Dropout()
    op.seed = seed
    let results = try graph.apply(
      op, [x, graph.constant(.scalar(ratio)), graph.constant(.scalar(true))], resultCount: 2)
    let loss = try graph.apply(ReduceSum(), results[0], graph.constant(.integers([0])))
    graph.outputs = results
    let gradients = try graph.appendGradients(of: loss, for: [x])
    graph.outputs.append(gradients[0]!)
    return Session(graph, threads: threads)
  }

  @Test func `kept elements and their gradients are scaled, dropped ones are zero`() throws {
    let count = 40000
    let x = Tensor((0..<count).map { Float($0 % 7) + 1 }, shape: [count])
    let results = try session(count, ratio: 0.25, seed: 3).run([x])
    let mask = results[1].bools
    let expected = zip(x.floats, mask).map { $1 ? $0 / 0.75 : 0 }
    #expect(zip(results[0].floats, expected).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(zip(results[2].floats, mask).allSatisfy { abs($0 - ($1 ? 4.0 / 3 : 0)) < 1e-5 })
    let kept = Double(mask.count { $0 }) / Double(count)
    #expect(abs(kept - 0.75) < 0.01, "\(kept) of the elements are kept")
  }

  @Test func `runs differ and a seed repeats them on any number of threads`() throws {
    let count = 40000
    let x = Tensor([Float](repeating: 1, count: count), shape: [count])
    let (one, two) = (try session(count, ratio: 0.5, seed: 3), try session(count, ratio: 0.5, seed: 3, threads: 2))
    let first = try one.run([x])[1].bools
    let second = try one.run([x])[1].bools
    #expect(first != second)
    #expect(try two.run([x])[1].bools == first)
    #expect(try two.run([x])[1].bools == second)
  }
}
