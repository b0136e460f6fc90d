import HoneIR
import HoneOperators
import HoneRuntime
import HoneTraining
import Testing

struct GradientsTests {
  @Test func sumOfBroadcastProducts() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, [2, 3]))
    let w = graph.state("w", initial: Tensor([Float](arrayLiteral: 1, 2, 3), shape: [3]), trainable: true)
    let product = try graph.apply(Mul(), x, w)
    let loss = try graph.apply(ReduceSum(), product, graph.constant(.integers([0, 1])))
    let gradients = try graph.appendGradients(of: loss, for: [w])
    graph.outputs = [gradients[0]!]
    let result = try Session(graph).run([Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5, 6), shape: [2, 3])])
    #expect(result[0].floats == [5, 7, 9])
  }
}
