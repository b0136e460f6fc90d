import HoneDatasets
import HoneIR
import HoneOperators
import HoneTraining
import Testing

struct ScoringOutputsTests {
  @Test func `a model that ends in softmax is trained on its scores and keeps its softmax`() throws {
    var graph = try TrainerTests.model()
    let scores = graph.outputs[0]
    graph.outputs = [try graph.apply(Softmax(), scores)]
    let (data, held) = (TrainerTests.points(400, seed: 1), TrainerTests.points(100, seed: 2))
    let result = try TrainerTests.setup().trainer(graph, on: data, validation: held).run()
    #expect(result.model.producer(of: result.model.outputs[0])?.op is Softmax)
    let plain = try TrainerTests.setup().trainer(TrainerTests.model(), on: data, validation: held).run()
    #expect(result.progress.history.map(\.loss) == plain.progress.history.map(\.loss))
    #expect(result.progress.stopping.best == plain.progress.stopping.best)
  }
}
