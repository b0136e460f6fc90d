import HoneIR
import HoneOperators
import Testing

@testable import HoneRuntime

@Suite struct SessionTests {
  @Test func `a graph runs for every binding of its symbols`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [.symbol("N"), 2]))
    g.outputs = [try g.apply(Add(), x, g.constant(Tensor([1, 2] as [Float], shape: [2])))]
    let session = Session(g)
    #expect(try session.run([Tensor([1, 1] as [Float], shape: [1, 2])])[0].floats == [2, 3])
    #expect(try session.run([Tensor([0, 0, 5, 5] as [Float], shape: [2, 2])])[0].floats == [1, 2, 6, 7])
  }

  @Test func `a plan keeps no second copy of weights that its kernels packed`() throws {
    let weights = Tensor([Float](repeating: 0.5, count: 8 * 4 * 9), shape: [8, 4, 3, 3])
    let matrix = Tensor([Float](repeating: 0.25, count: 8 * 6), shape: [8, 6])
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 4, 5, 5]))
    let y = try g.apply(Conv(), x, g.constant(weights))
    let rows = try g.apply(Reshape(), y, g.constant(.integers([9, 8])))
    g.outputs = [try g.apply(MatMul(), rows, g.constant(matrix))]
    let program = Program(g)
    let plan = try program.plan(for: program.inputTypes())
    #expect(!plan.constants.contains { $0.sizes == weights.sizes || $0.sizes == matrix.sizes })
    let result = try Session(program).run([Tensor([Float](repeating: 1, count: 100), shape: [1, 4, 5, 5])])[0].floats
    // 36 products of ½, added up over 8 rows of ¼.
    #expect(result == [Float](repeating: 36 * 0.5 * 8 * 0.25, count: 54))
  }

  @Test func `inputs that do not fit are refused by name`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 2]))
    g.outputs = [try g.apply(Relu(), x)]
    let error = #expect(throws: GraphError.self) { try Session(g).run([Tensor([1] as [Float], shape: [1, 1])]) }
    #expect(error?.kind == .input)
    #expect(error?.message.contains("‘x’") ?? false)
  }

  @Test func `shapes that depend on data are planned when the data is there`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [4]))
    let places = try g.apply(NonZero(), x)
    let shape = try g.apply(Shape(), places)
    var cast = Cast()
    cast.to = .float32
    g.outputs = [
      places, try g.apply(Relu(), g.apply(Reshape(), g.apply(cast, places), g.constant(.integers([-1])))), shape,
    ]
    let session = Session(g)
    let first = try session.run([Tensor([0, 3, 0, 1] as [Float], shape: [4])])
    #expect(first[0].integers == [1, 3])
    #expect(first[1].floats == [1, 3])
    let second = try session.run([Tensor([1, 1, 1, 0] as [Float], shape: [4])])
    #expect(second[2].integers == [1, 3])
  }

  @Test func `an index outside its axis ends the run with an error that names the node`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [3]))
    let i = g.input("i", TensorType(.int64, [1]))
    g.outputs = [try g.apply(Gather(), x, i, named: "lookup")]
    let session = Session(g)
    #expect(try session.run([Tensor([4, 5, 6] as [Float], shape: [3]), .integers([2])])[0].floats == [6])
    let error = #expect(throws: GraphError.self) {
      try session.run([Tensor([4, 5, 6] as [Float], shape: [3]), .integers([7])])
    }
    #expect(error?.description.contains("lookup") ?? false)
  }

  @Test func `state is kept between runs and shared by name`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [2]))
    let total = g.state("total", initial: Tensor([0, 0] as [Float], shape: [2]))
    let next = try g.apply(Add(), total, x)
    g.update(total, to: next)
    g.outputs = [next]
    let store = StateStore()
    let session = Session(g, state: store)
    _ = try session.run([Tensor([1, 2] as [Float], shape: [2])])
    _ = try session.run([Tensor([1, 2] as [Float], shape: [2])])
    #expect(store["total"]?.floats == [2, 4])
  }

  @Test(arguments: [1, 2, 3]) func `results do not depend on the number of threads`(threads: Int) throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [64, 96]))
    let w = g.constant(Tensor((0..<96 * 80).map { Float($0 % 17) - 8 }, shape: [96, 80]))
    g.outputs = [try g.apply(Softmax(), g.apply(MatMul(), x, w))]
    let input = Tensor((0..<64 * 96).map { Float($0 % 13) / 50 }, shape: [64, 96])
    let reference = try Session(g).run([input])[0].floats
    let session = Session(g, threads: threads)
    let first = try session.run([input])[0]
    #expect(try session.run([input])[0] == first)
    for (a, b) in zip(first.floats, reference) { #expect(abs(a - b) <= 1e-6) }
  }
}
