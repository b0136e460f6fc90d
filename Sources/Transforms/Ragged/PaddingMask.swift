import HoneIR
import HoneOperators
import HoneRuntime

/// What the mask of an attention hides, found by computing it for some masks of padding.
enum PaddingMask {
  /// The keys that are padding.
  case padding
  /// Those, and keys after the query.
  case paddingAndFuture

  /// Numbers at most this hide a key.
  private static let hidden = -1000.0

  /// `value` is the operand of an attention, which `input` alone must decide; nil if it hides or adds anything else.
  init?(_ value: Value, of input: Value, in graph: Graph) {
    guard let shape = graph.shape(of: input), let program = MaskProgram(value, of: input, shape: shape, in: graph)
    else {
      return nil
    }
    let all = (0..<4).compactMap { program.run(seed: $0) }
    guard all.count == 4 else { return nil }
    if all.allSatisfy({ Self.agrees($0, isCausal: false) }) {
      self = .padding
    } else if all.allSatisfy({ Self.agrees($0, isCausal: true) }) {
      self = .paddingAndFuture
    } else {
      return nil
    }
  }

  /// Each valid query sees the valid keys, with `isCausal` up to its own place, and no others.
  private static func agrees(_ sample: MaskProgram.Sample, isCausal: Bool) -> Bool {
    let (batch, length) = (sample.padding.sizes[0], sample.padding.sizes[1])
    let valid = sample.padding.integers.map { $0 != 0 }
    let sizes = Array(repeating: 1, count: max(4 - sample.mask.sizes.count, 0)) + sample.mask.sizes
    guard sizes.count == 4, sizes[3] == length, sizes[2] == length || sizes[2] == 1, sizes[0] == batch || sizes[0] == 1
    else { return false }
    let numbers = sample.mask.element == .bool ? sample.mask.doubles.map { $0 == 0 ? hidden : 0 } : sample.mask.doubles
    for b in 0..<batch {
      for i in 0..<length where valid[b * length + i] {
        for h in 0..<sizes[1] {
          let row = ((sizes[0] == 1 ? 0 : b) * sizes[1] + h) * sizes[2] + (sizes[2] == 1 ? 0 : i)
          for j in 0..<length {
            let isSeen = valid[b * length + j] && (!isCausal || j <= i)
            let number = numbers[row * length + j]
            guard isSeen ? number == 0 : number <= hidden else { return false }
          }
        }
      }
    }
    return true
  }
}

/// The part of a graph that computes the mask of an attention, with numbers for its symbols.
struct MaskProgram {
  struct Sample {
    var padding, mask: Tensor
  }
  private var graph = Graph()
  private let type: TensorType
  private let session: Session

  init?(_ value: Value, of input: Value, shape: [Dimension], in source: Graph) {
    var binding: [String: Int] = [:]
    for (size, number) in zip(shape, [3, 7]) { if let name = size.symbolName { binding[name] = number } }
    let sizes = shape.compactMap { $0.bound(binding).size }
    guard sizes.count == 2, sizes.reduce(1, *) > 0, let element = source.element(of: input) else { return nil }
    type = TensorType(element, sizes.map { Dimension($0) })
    var known = [input: graph.input(source.name(of: input), type)]
    guard let output = try? Self.bring(value, binding, source, &known, &graph) else { return nil }
    graph.outputs = [output]
    session = Session(graph)
  }

  private static func bring(
    _ value: Value, _ binding: [String: Int], _ source: Graph, _ known: inout [Value: Value], _ graph: inout Graph
  ) throws(GraphError) -> Value {
    if let copy = known[value] { return copy }
    let copy: Value
    if let tensor = source.constant(value) {
      copy = graph.constant(tensor)
    } else if let tensor = size(value, binding, source) {
      copy = graph.constant(tensor)
    } else if let node = source.producer(of: value), !(node.op is any RandomOp), !(node.op is any RegionOp) {
      var operands: [Value?] = []
      for operand in node.operands {
        operands.append(
          try operand.map { value throws(GraphError) in try bring(value, binding, source, &known, &graph) })
      }
      let results = try graph.apply(node.op, operands, resultCount: node.results.count)
      for (old, new) in zip(node.results, results) { known[old] = new }
      return known[value]!
    } else {
      throw GraphError(.unsupported, "the mask depends on other data")
    }
    known[value] = copy
    return copy
  }

  /// Sizes of other values that are known once symbols are.
  private static func size(_ value: Value, _ binding: [String: Int], _ source: Graph) -> Tensor? {
    guard let elements = source.symbolic(value), let type = source.type(of: value).tensor, let sizes = type.sizes else {
      return nil
    }
    let numbers = elements.compactMap { $0.bound(binding).size }
    guard numbers.count == elements.count, sizes.reduce(1, *) == numbers.count else { return nil }
    return type.element == .int64
      ? Tensor(numbers.map(Int64.init), shape: sizes) : Tensor(numbers.map { Int32(clamping: $0) }, shape: sizes)
  }

  /// The mask for some padding, none of it with seed 0; nil if it cannot be computed.
  func run(seed: UInt64) -> Sample? {
    var numbers = RandomNumbers(seed: seed)
    let sizes = type.sizes!
    let marks = (0..<sizes[0] * sizes[1]).map { _ in seed == 0 || numbers.next() & 1 == 0 }
    let wide = Tensor(marks.map { $0 ? Int64(1) : 0 }, shape: sizes)
    let padding = try? Interpreter.evaluate(Cast(to: type.element), [wide], resultCount: 1)?.first
    guard let padding, let mask = try? session.run([padding]).first else {
      return nil
    }
    return Sample(padding: wide, mask: mask)
  }
}
