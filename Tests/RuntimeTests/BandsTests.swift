import HoneIR
import HoneKernels
import HoneOperators
import Testing

@testable import HoneRuntime

struct BandsTests {
  /// An inverted residual block of `[batch, size, size, 16]`: expand, depthwise window, project, all channels last.
  private static func graph(
    _ element: ElementType = .float32, batch: Int, size: Int, kernel: Int, stride: Int, residual: Bool
  ) throws -> Graph {
    var g = Graph()
    let x = g.input("x", TensorType(element, [batch, size, size, 16]))
    func weights(_ shape: [Int]) -> Value {
      let count = shape.reduce(1, *)
      return g.constant(Tensor((0..<count).map { Float($0 * 37 % 101) / 101 - 0.5 }, shape: shape))
    }
    var pointwise = NHWCConv()
    (pointwise.activation, pointwise.activation_params) = ("Clip", [0, 6])
    let expanded = try g.apply(pointwise, x, weights([96, 16, 1, 1]))
    var window = NHWCConv()
    (window.group, window.strides) = (96, [stride, stride])
    window.pads = [kernel / 2, kernel / 2, kernel / 2, kernel / 2]
    let filtered = try g.apply(window, expanded, weights([96, 1, kernel, kernel]))
    let project = NHWCConv()
    g.outputs =
      residual
      ? [try g.apply(project, filtered, weights([16, 96, 1, 1]), nil, x)]
      : [try g.apply(project, filtered, weights([16, 96, 1, 1]))]
    return g
  }

  /// Step by step: every node by itself, with all its inputs whole.
  private static func stepwise(_ graph: Graph, _ x: Tensor) throws -> [Float] {
    var values = [graph.inputs[0]: x]
    for node in graph.sorted() {
      var g = Graph()
      let operands = node.operands.map { operand -> Value? in
        guard let operand else { return nil }
        if let constant = graph.constant(operand) { return g.constant(constant) }
        return g.input("v\(operand)", values[operand]!.type)
      }
      g.outputs = try g.apply(node.op, operands, resultCount: 1)
      let given = node.operands.compactMap { $0 }.filter { graph.constant($0) == nil }.map { values[$0]! }
      values[node.results[0]] = try Session(Program(g)).run(given)[0]
    }
    return values[graph.outputs[0]]!.floats
  }

  @Test(arguments: [(1, 3, 1, true), (1, 3, 2, false), (2, 5, 1, true), (3, 5, 2, false), (1, 7, 1, true)])
  func `blocks run by bands give what steps one by one give`(
    batch: Int, kernel: Int, stride: Int, residual: Bool
  ) throws {
    let graph = try Self.graph(batch: batch, size: 61, kernel: kernel, stride: stride, residual: residual)
    let x = Tensor((0..<batch * 61 * 61 * 16).map { Float($0 % 23) / 11 - 1 }, shape: [batch, 61, 61, 16])
    let expected = try Self.stepwise(graph, x)
    let scale = expected.map(abs).max()!
    for threads in [1, 2, 3] {
      let program = Program(graph, threads: threads)
      #expect(try program.plan(for: [.tensor(x.type)]).bandLengths == (stride == 1 ? [3] : [2]))
      let session = Session(program)
      let first = try session.run([x])[0].floats
      #expect(zip(first, expected).allSatisfy { abs($0 - $1) <= 1e-5 * scale }, "\(threads) threads")
      for _ in 0..<3 { #expect(try session.run([x])[0].floats == first) }
    }
  }

  @Test func `threads take small values of narrow types in bands, too`() throws {
    let graph = try Self.graph(.bfloat16, batch: 2, size: 14, kernel: 3, stride: 1, residual: true)
    let numbers: [Float] = (0..<2 * 14 * 14 * 16).map { i in Float(i % 23) / 16 - 0.5 }
    let halves = numbers.map { UInt16($0.bitPattern >> 16) }
    let x = Tensor(halves, shape: [2, 14, 14, 16]).reinterpreted(as: .bfloat16)
    let expected = try Self.stepwise(graph, x)
    let scale = expected.map(abs).max()!
    for (threads, lengths) in [(1, [Int]()), (2, [3]), (3, [3])] {
      let program = Program(graph, threads: threads)
      #expect(try program.plan(for: [.tensor(x.type)]).bandLengths == lengths)
      let y = try Session(program).run([x])[0].floats
      #expect(zip(y, expected).allSatisfy { abs($0 - $1) <= 0.01 * scale }, "\(threads) threads")
    }
  }

  @Test(arguments: [1, 2, 3]) func `integer layers run by bands give what steps one by one give`(threads: Int) throws {
    var g = Graph()
    let x = g.input("x", TensorType(.uint8, [1, 40, 40, 32]))
    let scale = g.constant(Tensor([Float(0.02)], shape: [])), zero = g.constant(Tensor([UInt8(9)], shape: []))
    let weightZero = g.constant(Tensor([Int8(0)], shape: []))
    func layer(_ x: Value, _ shape: [Int], group: Int = 1) throws -> Value {
      var conv = NHWCQLinearConv()
      (conv.group, conv.pads) = (group, [Int](repeating: shape[2] / 2, count: 4))
      let w = (0..<shape.reduce(1, *)).map { Int8($0 * 37 % 101 - 50) }
      let operands = [x, scale, zero, g.constant(Tensor(w, shape: shape)), scale, weightZero, scale, zero]
      return try g.apply(conv, operands, resultCount: 1)[0]
    }
    let expanded = try layer(x, [512, 32, 1, 1])
    g.outputs = [try layer(layer(expanded, [512, 1, 3, 3], group: 512), [32, 512, 1, 1])]
    let program = Program(g, threads: threads)
    let values = Tensor((0..<40 * 40 * 32).map { UInt8($0 * 7 % 19) }, shape: [1, 40, 40, 32])
    #expect(try program.plan(for: [.tensor(values.type)]).bandLengths == [3])
    #expect(try Session(program).run([values])[0].floats == Self.stepwise(g, values))
  }

  @Test func `bands end where threads would compute too much twice`() throws {
    let rows = Kernel.Rows(images: 1, count: 14, windows: [:]) { _, _, _ in }
    let member = Bands.Member(rows: rows, rowByteCount: 8, window: Kernel.RowWindow(count: 14, before: 1, reach: 3))
    #expect(Bands.repeatedShare([member, member, member], threads: 1) == 0)
    // Seven rows of the last, eight of the one before, nine of the first on each of two threads.
    #expect(abs(Bands.repeatedShare([member, member, member], threads: 2) - (48.0 / 42 - 1)) < 1e-12)

    var g = Graph()
    var x = g.input("x", TensorType(.bfloat16, [1, 14, 14, 64]))
    var conv = NHWCConv()
    conv.pads = [1, 1, 1, 1]
    let weights = g.constant(Tensor([Float](repeating: 0.01, count: 64 * 64 * 9), shape: [64, 64, 3, 3]))
    for _ in 0..<12 { x = try g.apply(conv, x, weights) }
    g.outputs = [x]
    let lengths = try Program(g, threads: 2).plan(for: [.tensor(TensorType(.bfloat16, [1, 14, 14, 64]))]).bandLengths
    #expect(lengths.count > 1 && lengths.allSatisfy { $0 > 1 && $0 < 6 }, "\(lengths)")
  }

  @Test func `bands leave large values out of the arena`() throws {
    let graph = try Self.graph(batch: 1, size: 61, kernel: 3, stride: 1, residual: true)
    let plan = try Program(graph).plan(for: [.tensor(TensorType(.float32, [1, 61, 61, 16]))])
    #expect(plan.memoryByteCount < 61 * 61 * 96 * 4)
    #expect(plan.memory.windowByteCount > 0 && plan.memory.windowByteCount <= 512 << 10)
  }

  @Test func `a value that is read twice, or is an output, is made whole`() throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [1, 64, 64, 64]))
    let sum = try g.apply(Add(), x, x), product = try g.apply(Mul(), sum, x), other = try g.apply(Sub(), sum, x)
    g.outputs = [product, other]
    #expect(try Program(g).plan(for: [.tensor(TensorType(.float32, [1, 64, 64, 64]))]).bandLengths == [])
  }

  @Test(arguments: [1, 2, 3]) func `gates and pools take part`(threads: Int) throws {
    var g = Graph()
    let x = g.input("x", TensorType(.float32, [2, 41, 40, 128]))
    let gates: [Float] = (0..<128).map { Float($0 % 5) }
    let gate = g.constant(Tensor(gates, shape: [1, 1, 1, 128]))
    var pool = NHWCMaxPool()
    (pool.kernel_shape, pool.strides, pool.pads) = ([3, 3], [2, 2], [1, 1, 1, 1])
    g.outputs = [try g.apply(pool, g.apply(Add(), g.apply(Mul(), x, gate), x))]
    let program = Program(g, threads: threads)
    let numbers: [Float] = (0..<2 * 41 * 40 * 128).map { i in Float(i * 7 % 31) - 15 }
    let values = Tensor(numbers, shape: [2, 41, 40, 128])
    #expect(try program.plan(for: [.tensor(values.type)]).bandLengths == [3])
    #expect(try Session(program).run([values])[0].floats == Self.stepwise(g, values))
  }

  @Test func `a fault inside a band is reported`() throws {
    var g = Graph()
    let type = TensorType(.int32, [1, 64, 64, 64])
    let x = g.input("x", type), y = g.input("y", type)
    g.outputs = [try g.apply(Div(), g.apply(Add(), x, x), y)]
    let program = Program(g, threads: 2)
    #expect(try program.plan(for: [.tensor(type), .tensor(type)]).bandLengths == [2])
    let ones = Tensor([Int32](repeating: 1, count: 64 * 64 * 64), shape: [1, 64, 64, 64])
    let zeros = Tensor([Int32](repeating: 0, count: 64 * 64 * 64), shape: [1, 64, 64, 64])
    #expect(throws: GraphError.self) { try Session(program).run([ones, zeros]) }
    #expect(try Session(program).run([ones, ones])[0].values(as: Int32.self).allSatisfy { $0 == 2 })
  }

  /// Every member computes what the next one reads before it is read, and keeps it until then, within its window.
  @Test(arguments: [1, 2, 3, 5]) func `pieces find in windows what they read`(threads: Int) {
    let shapes: [[(stride: Int, before: Int, reach: Int)]] = [
      [(1, 1, 3)], [(2, 1, 3), (1, 0, 1)], [(1, 2, 5), (2, 0, 3)], [(2, 0, 1), (1, 1, 3), (3, 1, 2)], [(1, 4, 9)],
    ]
    for (windows, height) in shapes.flatMap({ windows in [7, 23, 40].map { (windows, $0) } }) {
      var counts = [height]
      for window in windows { counts.append(max(1, (counts.last! + 1 - window.reach + window.before) / window.stride)) }
      let members = counts.indices.map { i in
        Bands.Member(
          rows: Kernel.Rows(images: 2, count: counts[i], windows: [:]) { _, _, _ in }, rowByteCount: 1000,
          window: i == 0
            ? Kernel.RowWindow(count: height)
            : Kernel.RowWindow(
              count: counts[i - 1], stride: windows[i - 1].stride, before: windows[i - 1].before,
              reach: windows[i - 1].reach))
      }
      for byteCount in [0, 20_000, 1 << 20] {
        let bands = Bands(members, threads: threads, byteCount: byteCount)
        #expect(bands.height == 1 || bands.windowByteCount <= byteCount)
        var made: [Int: Int] = [:]
        for worker in 0..<threads {
          var held = [Range<Int>](repeating: 0..<0, count: members.count), image = 0
          for piece in bands.pieces(worker: worker, of: threads) {
            let i = piece.member
            if piece.image != image {
              (held, image) = ([Range<Int>](repeating: 0..<0, count: members.count), piece.image)
            }
            if i > 0 {
              let read = members[i].window.rows(for: piece.rows)
              #expect(
                read.isEmpty || (held[i - 1].lowerBound <= read.lowerBound && read.upperBound <= held[i - 1].upperBound)
              )
            }
            guard i + 1 < members.count else {
              for row in piece.rows { made[image * counts.last! + row, default: 0] += 1 }
              continue
            }
            #expect(
              piece.kept == 0
                || (held[i].upperBound == piece.rows.lowerBound && held[i].lowerBound + piece.dropped == piece.first))
            #expect(piece.first + piece.kept == piece.rows.lowerBound)
            #expect(piece.rows.upperBound - piece.first <= bands.capacities[i])
            held[i] = piece.first..<piece.rows.upperBound
          }
        }
        #expect(made.count == 2 * counts.last! && made.values.allSatisfy { $0 == 1 })
      }
    }
  }
}
