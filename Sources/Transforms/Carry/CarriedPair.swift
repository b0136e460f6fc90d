public import HoneIR

/// An output of a model that is an input of its next run.
public struct CarriedPair: Sendable, Hashable, Codable {
  public var output: String
  public var input: String

  public init(output: String, input: String) { (self.output, self.input) = (output, input) }
}

extension CarriedPair {
  /// The pairs whose names say that they belong together, in the order of the inputs: `present.0.key` and
  /// `past_key_values.0.key`, `Y_h` and `initial_h`, `stateN` and `state`, `cache_out` and `cache`, `hn` and `h`.
  ///
  /// A pair's types must agree but for sizes that are no numbers. An input that several outputs could be has no pair.
  public static func named(in graph: Graph) -> [CarriedPair] {
    let outputs = graph.outputs.map { (value: $0, stems: outputStems(graph.name(of: $0))) }
    var taken: Set<Value> = []
    var pairs: [CarriedPair] = []
    for input in graph.inputs {
      let stem = inputStem(graph.name(of: input))
      let isMarked = stem.joined() != words(graph.name(of: input)).joined()
      let found = outputs.filter { output in
        !taken.contains(output.value) && output.stems.contains { $0.stem == stem && ($0.isMarked || isMarked) }
          && graph.canCarry(output.value, into: input)
      }
      guard found.count == 1 else { continue }
      taken.insert(found[0].value)
      pairs.append(CarriedPair(output: graph.name(of: found[0].value), input: graph.name(of: input)))
    }
    return pairs
  }

  private static let before: Set<String> = ["past", "initial", "init", "in", "input", "prev", "previous", "old"]
  private static let after: Set<String> = ["present", "out", "output", "next", "new", "final", "updated"]

  private static func words(_ name: String) -> [String] {
    name.lowercased().split { !($0.isLetter || $0.isNumber) }.map(String.init)
  }

  /// The words of a name without those that say which side of a run it is on.
  private static func stem(_ name: String, without side: Set<String>) -> [String] {
    var words = words(name)
    for start in words.indices.reversed() where words[start...].starts(with: ["key", "values"]) && start > 0 {
      // past_key_values.0.key: the first two are part of the side's name.
      if side.contains(words[start - 1]) { words.removeSubrange(start...start + 1) }
    }
    let rest = words.filter { !side.contains($0) }
    guard rest.isEmpty else { return rest }
    // ‘past’ and ‘present’ belong together; ‘input’ and ‘output’ are a model's own.
    return words.contains { !["in", "input", "out", "output"].contains($0) } ? [""] : words
  }

  private static func inputStem(_ name: String) -> [String] { stem(name, without: before) }

  private static func outputStems(_ name: String) -> [(stem: [String], isMarked: Bool)] {
    let stem = stem(name, without: after)
    var stems = [(stem, stem.joined() != words(name).joined())]
    // ONNX's recurrent operators name their states Y_h and Y_c; others append an n.
    if stem.count > 1, stem[0] == "y" { stems.append((Array(stem.dropFirst()), true)) }
    if let last = stem.last, last.hasSuffix("n") {
      let short = String(last.dropLast())
      stems.append((stem.dropLast() + (short.isEmpty && stem.count > 1 ? [] : [short]), true))
    }
    return stems
  }
}

extension Graph {
  /// Elements and ranks agree, and so do all sizes that are numbers.
  fileprivate func canCarry(_ output: Value, into input: Value) -> Bool {
    guard case .tensor(let a) = type(of: output), case .tensor(let b) = type(of: input), b.shape != nil else {
      return false
    }
    return ValueType.tensor(a).isCompatible(with: .tensor(b))
  }
}
