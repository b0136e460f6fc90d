import HoneIR
import HoneRuntime
import Testing

/// y = 2x + b by halves of 8 slices, b being brought into the workspace first.
private struct Sliced: ExecutableOp {
  init() {}
  func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(0))] }
  func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let share = try call.sizes(0).reduce(1, *) / 16
    let prepare = Kernel.Stage(tasks: 1, reads: [1]) { frame, _ in
      frame.workspace!.storeBytes(of: frame.operand(1, as: Float.self)[0], as: Float.self)
    }
    return Kernel(tasks: 16) { frame, range in
      let (x, y) = (frame.operand(0, as: Float.self), frame.result(0, as: Float.self))
      let b = frame.workspace!.load(as: Float.self)
      for i in range.lowerBound * share..<range.upperBound * share { y[i] = 2 * x[i] + b }
    }.sliced(Kernel.Slices(8, of: [0])).after([prepare], workspace: 64)
  }
}

/// y = x + its sum, which takes all slices.
private struct Total: ExecutableOp {
  init() {}
  func infer(_ call: Call) throws(GraphError) -> [ValueType] { [.tensor(try call.tensor(0))] }
  func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.sizes(0)
    let (count, share) = (sizes.reduce(1, *), sizes.reduce(1, *) / 8)
    let sums = Kernel.Stage(tasks: 8, slices: Kernel.Slices(8, of: [0])) { frame, range in
      let x = frame.operand(0, as: Float.self), sums = frame.workspace!.assumingMemoryBound(to: Float.self)
      for task in range { sums[task] = (task * share..<(task + 1) * share).reduce(0) { $0 + x[$1] } }
    }
    return Kernel(tasks: 8) { frame, range in
      let (x, y) = (frame.operand(0, as: Float.self), frame.result(0, as: Float.self))
      let sums = frame.workspace!.assumingMemoryBound(to: Float.self)
      let total = (0..<8).reduce(Float(0)) { $0 + sums[$1] }
      for i in range.lowerBound * count / 8..<range.upperBound * count / 8 { y[i] = x[i] + total }
    }.sliced(Kernel.Slices(8, of: [0])).after([sums], workspace: 64)
  }
}

struct ChainsTests {
  /// Two readers of the first value, the later of which can follow it; then a total, and what follows that.
  private static func graph() throws -> Graph {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [8, 6])), b = g.input("b", TensorType(.float32, [Int]()))
    let first = try g.apply(Sliced(), x, b)
    let side = try g.apply(Total(), g.apply(Sliced(), first, b))
    let total = try g.apply(Total(), g.apply(Sliced(), g.apply(Sliced(), first, b), b))
    g.outputs = [try g.apply(Sliced(), total, b), side]
    return g
  }

  @Test func `what reads its own slice follows what makes it`() throws {
    let plan = try Program(Self.graph()).plan(
      for: [.tensor(TensorType(.float32, [8, 6])), .tensor(TensorType(.float32, [Int]()))])
    #expect(plan.chainLengths == [4, 2, 2])
  }

  @Test func `what a chain makes is not read before it is whole`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [8, 6])), b = g.input("b", TensorType(.float32, [Int]()))
    let first = try g.apply(Sliced(), x, b), second = try g.apply(Sliced(), first, b)
    let total = try g.apply(Total(), first)
    g.outputs = [try g.apply(Sliced(), second, first), try g.apply(Sliced(), second, total)]
    let ones = Tensor([Float](repeating: 1, count: 48), shape: [8, 6])
    // 2 · 1 + 3, then 2 · 5 + 3; the total of 48 fives beside one of them.
    let outputs = try Session(Program(g)).run([ones, .scalar(Float(3))])
    #expect(outputs.map(\.floats) == [31, 26 + 245].map { [Float](repeating: $0, count: 48) })
  }

  @Test(arguments: [1, 2, 3]) func `slices on any number of threads give what whole steps give`(threads: Int) throws {
    let graph = try Self.graph()
    let x = Tensor((0..<48).map { Float($0 % 7) - 3 }, shape: [8, 6])
    func step(_ x: [Float]) -> [Float] { x.map { 2 * $0 + 5 } }
    func total(_ x: [Float]) -> [Float] { x.map { $0 + x.reduce(0, +) } }
    let first = step(x.floats)
    let expected = [step(total(step(step(first)))), total(step(first))]
    for _ in 0..<20 {
      let outputs = try Session(Program(graph, threads: threads)).run([x, .scalar(Float(5))])
      #expect(outputs.map(\.floats) == expected)
    }
  }
}
