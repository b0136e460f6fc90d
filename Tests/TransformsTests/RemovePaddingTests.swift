import HoneIR
import HoneOperators
import HoneRuntime
import Testing

@testable import HoneTransforms

@Suite struct RemovePaddingTests {
  /// Rows of marks as a mask.
  private func mask(_ rows: [[Int]]) -> Tensor {
    Tensor(rows.joined().map(Int64.init), shape: [rows.count, rows[0].count])
  }

  private func lengths(_ lengths: [Int], of length: Int) -> Tensor {
    mask(lengths.map { valid in (0..<length).map { $0 < valid ? 1 : 0 } })
  }

  private func tokens(like mask: Tensor) -> Tensor {
    var numbers = RandomNumbers(seed: 5)
    return Tensor((0..<mask.elementCount).map { _ in Int64(numbers.next() % 11) }, shape: mask.sizes)
  }

  /// Runs `encoder` with and without padding on `mask`; valid positions must agree and others be zero.
  private func check(
    _ encoder: PaddedEncoder, _ mask: Tensor, precision: Precision = .fp32, threads: Int = 1, tolerance: Float = 1e-5,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let graph = try encoder.graph()
    let inputs = [tokens(like: mask), mask]
    let padded = Preparation(threads: threads, precision: precision)
    var ragged = padded
    ragged.ragged = "attention_mask"
    let expected = try Session(padded.program(graph)).run(inputs)
    let outputs = try Session(ragged.program(graph)).run(inputs)
    #expect(outputs.map(\.type) == expected.map(\.type), sourceLocation: sourceLocation)
    let (batch, length) = (mask.sizes[0], mask.sizes[1])
    let marks = mask.integers
    let (x, y) = (expected[0].floats, outputs[0].floats)
    let width = encoder.width
    var worst: Float = 0
    for place in 0..<batch * length {
      for i in place * width..<(place + 1) * width {
        let difference = abs(y[i] - (marks[place] == 1 ? x[i] : 0))
        worst = difference.isNaN ? .infinity : max(worst, difference)
      }
    }
    #expect(worst <= tolerance, sourceLocation: sourceLocation)
    // The mean of valid positions, and the first position.
    let means = zip(expected[1].floats, outputs[1].floats).map { abs($0 - $1) }.max()!
    #expect(means <= tolerance, sourceLocation: sourceLocation)
    for row in 0..<batch where marks[row * length] == 1 {
      let range = row * width..<(row + 1) * width
      let first = zip(expected[2].floats[range], outputs[2].floats[range]).map { abs($0 - $1) }.max()!
      #expect(first <= tolerance, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: PaddedEncoder.Hiding.allCases, [true, false])
  func `valid positions keep their numbers and others become zero`(hiding: PaddedEncoder.Hiding, isFixed: Bool) throws {
    let encoder = PaddedEncoder(hiding: hiding, sizes: isFixed ? [3, 9] : nil)
    for valid in [[9, 4, 1], [2, 3, 2], [5, 9, 9]] { try check(encoder, lengths(valid, of: 9)) }
  }

  @Test(arguments: PaddedEncoder.Hiding.allCases)
  func `masks without padding, with holes and with nothing valid`(hiding: PaddedEncoder.Hiding) throws {
    let encoder = PaddedEncoder(hiding: hiding)
    try check(encoder, lengths([6, 6, 6, 6], of: 6))
    try check(encoder, mask([[1, 0, 1, 1, 0, 1], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 1, 0, 1, 1]]))
    try check(encoder, mask([[0, 0, 0], [0, 0, 0]]))
    try check(encoder, mask([[1]]))
  }

  @Test func `plans serve batches of other lengths`() throws {
    let program = try Preparation(ragged: "attention_mask").program(PaddedEncoder().graph())
    let session = Session(program)
    for valid in [[20, 3], [1, 1], [20, 20], [7, 16], [20, 3]] {
      let mask = lengths(valid, of: 20)
      let inputs = [tokens(like: mask), mask]
      let outputs = try session.run(inputs)
      let fresh = try Session(program.graph).run(inputs)
      #expect(zip(outputs, fresh).allSatisfy { $0.isIdentical(to: $1) })
    }
  }

  @Test func `threads change nothing`() throws {
    let graph = try PaddedEncoder().graph()
    let mask = lengths([40, 3, 17, 25, 1], of: 40)
    let inputs = [tokens(like: mask), mask]
    let runs = try (1...3).map { threads in
      try Session(Preparation(threads: threads, ragged: "attention_mask").program(graph)).run(inputs)
    }
    for run in runs.dropFirst() {
      for (a, b) in zip(runs[0], run) {
        #expect(zip(a.floats, b.floats).allSatisfy { abs($0 - $1) <= 1e-6 })
      }
    }
    for threads in 1...3 { try check(PaddedEncoder(), mask, threads: threads) }
  }

  @Test func `bfloat16 data has no padding either`() throws {
    let encoder = PaddedEncoder()
    try check(encoder, lengths([9, 4, 1, 7], of: 9), precision: .bf16, tolerance: 0.05)
    let graph = try Preparation(precision: .bf16, ragged: "attention_mask").graph(encoder.graph())
    let attentions = graph.sorted().filter { $0.op is RaggedAttention }
    #expect(attentions.count == 2)
    #expect(attentions.allSatisfy { graph.tensorType(of: $0.result).element == .bfloat16 })
  }

  @Test func `products, normalizations and attentions work on rows alone`() throws {
    for isFixed in [true, false] {
      let graph = try Preparation(ragged: "attention_mask").graph(
        PaddedEncoder(sizes: isFixed ? [4, 16] : nil).graph())
      let nodes = graph.sorted()
      let layers = nodes.filter {
        $0.op is Linear || $0.op is LayerNormalization || $0.op is Microsoft.SkipLayerNormalization
          || $0.op is RaggedAttention
      }
      // Two layers of four products, an attention and two normalizations; one normalization before and one product after.
      #expect(layers.count == 2 * 7 + 2)
      #expect(layers.allSatisfy { graph.tensorType(of: $0.result).rank == 2 })
      #expect(!nodes.contains { $0.op is Attention })
      // For the output and what is summed for the mean.
      #expect(nodes.count { $0.op is RestorePadding } == 2)
    }
  }

  @Test func `notes say what reads zeros and what keeps its padding`() throws {
    var graph = try PaddedEncoder().graph()
    let hidden = graph.outputs[0]
    let mean = try graph.apply(
      configured(ReduceMax()) { $0.keepdims = false }, hidden, graph.integers(1), named: "plain maximum")
    let attention = configured(Attention()) { ($0.q_num_heads, $0.kv_num_heads) = (2, 2) }
    graph.outputs += [mean, try graph.apply(attention, hidden, hidden, hidden, named: "unmasked")]
    let notes = try Preparation(ragged: "attention_mask").prepare(graph).notes
    #expect(notes.first == "padding of ‘attention_mask’ is left out of 2 attentions")
    #expect(notes.contains("Attention ‘unmasked’ keeps its padding: no mask hides its keys"))
    #expect(notes.contains("ReduceMax ‘plain maximum’ reads zeros in padded positions"))
    #expect(notes.contains("Attention ‘unmasked’ reads zeros in padded positions"))
  }

  @Test func `what does not fit is refused with its place`() throws {
    func refusal(_ graph: Graph, _ preparation: Preparation) -> GraphError? {
      do throws(GraphError) {
        _ = try preparation.prepare(graph)
        return nil
      } catch { return error }
    }
    let graph = try PaddedEncoder().graph()
    let name = refusal(graph, Preparation(ragged: "mask"))
    #expect(name?.message == "the model has no input ‘mask’ that could be a mask; it has input_ids, attention_mask")
    let other = refusal(graph, Preparation(ragged: "input_ids"))
    #expect(other?.message.contains("its mask is more, or other, than ‘input_ids’, at Attention") ?? false)
    #expect(refusal(graph, Preparation(level: 2, ragged: "attention_mask"))?.kind == .attribute)
    // Scores that fall with distance are more than a mask.
    let sloped = refusal(try PaddedEncoder(hiding: .choice, slope: 0.5).graph(), Preparation(ragged: "attention_mask"))
    #expect(sloped?.kind == .unsupported)
    #expect(sloped?.trail == ["option --ragged"])
    let bare = try Example { g in try g.apply(Relu(), g.x(2, 3)) }.graph
    #expect(refusal(bare, Preparation(ragged: "x"))?.message.contains("has no attention") ?? false)
  }

  @Test func `masks hold 0 and 1`() throws {
    let session = Session(try Preparation(ragged: "attention_mask").program(PaddedEncoder().graph()))
    let mask = mask([[1, 2, 0]])
    #expect(throws: GraphError.self) { try session.run([tokens(like: mask), mask]) }
  }
}
