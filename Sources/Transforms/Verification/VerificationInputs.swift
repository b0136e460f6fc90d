import HoneIR

/// Inputs that a graph and its rewritten form are compared on.
struct VerificationInputs {
  struct Candidate {
    var name: String
    var values: [RuntimeValue?]
    /// How much more rounding is allowed: far from the data, networks amplify it.
    var slack = 1.0
  }

  let graph: Graph
  private let symbols: [String]

  init(_ graph: Graph) {
    self.graph = graph
    var symbols: [String] = []
    for input in graph.inputs {
      for size in graph.type(of: input).tensor?.shape ?? [] {
        for symbol in size.symbols.sorted() where !symbols.contains(symbol) { symbols.append(symbol) }
      }
    }
    self.symbols = symbols
  }

  /// Sizes for the symbols, to be tried until the graph runs with them.
  var bindings: [[String: Int]] {
    if symbols.isEmpty { return [[:]] }
    let distinct = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0 + 2) })
    let equal = [1, 3, 8, 16, 32, 64, 128, 224, 256].map { size in
      Dictionary(uniqueKeysWithValues: symbols.map { ($0, size) })
    }
    let batch =
      symbols.isEmpty
      ? []
      : [32, 64, 128, 224, 256].map { size in
        Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0 == 0 ? 1 : size) })
      }
    return symbols.count == 1 ? equal : [equal[0], distinct] + equal.dropFirst() + batch
  }

  enum Fill: Sendable, Equatable {
    case random(seed: UInt64)
    case number(Double)

    var name: String {
      switch self {
      case .random(let seed): "random, seed \(seed)"
      case .number(let x): "all \(x)"
      }
    }
  }

  static let edges: [Fill] = [.number(0), .number(1), .number(32), .number(-32)]

  /// Values for all inputs, masks being 0 or 1; nil if one has no shape or a type that cannot be made up.
  func candidate(_ binding: [String: Int], _ fill: Fill) -> Candidate? {
    var values: [RuntimeValue?] = []
    for (i, input) in graph.inputs.enumerated() {
      guard case .tensor(let type) = graph.type(of: input), let shape = type.shape else { return nil }
      let sizes = shape.compactMap { $0.bound(binding).size }
      guard sizes.count == shape.count, sizes.allSatisfy({ $0 >= 0 }), sizes.reduce(1, *) < 1 << 26,
        let tensor = Self.tensor(
          type.element, sizes, fill, salt: UInt64(i), indices: graph.name(of: input).contains("mask") ? 2 : 4)
      else { return nil }
      values.append(.tensor(tensor))
    }
    let sizes = binding.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
    var isRandom = false
    if case .random = fill { isRandom = true }
    let name = sizes.isEmpty ? fill.name : "\(fill.name), \(sizes)"
    return Candidate(name: name, values: values, slack: isRandom ? 1 : 10)
  }

  private static func tensor(_ element: ElementType, _ sizes: [Int], _ fill: Fill, salt: UInt64, indices: UInt64)
    -> Tensor?
  {
    let count = sizes.reduce(1, *)
    var numbers = RandomNumbers(seed: salt)
    if case .random(let seed) = fill { numbers = RandomNumbers(seed: seed &* 1_000_003 &+ salt) }
    func real() -> Double { if case .number(let x) = fill { x } else { numbers.normal() } }
    /// Indices stay small, so that tables contain them.
    func index(_ limit: UInt64) -> Int {
      if case .number(let x) = fill { x > 0 ? 1 : 0 } else { Int(numbers.next() % limit) }
    }
    switch element {
    case .float32: return Tensor((0..<count).map { _ in Float(real()) }, shape: sizes)
    case .float64: return Tensor((0..<count).map { _ in real() }, shape: sizes)
    case .float16: return Tensor((0..<count).map { _ in Float16(real()) }, shape: sizes)
    case .int64: return Tensor((0..<count).map { _ in Int64(index(indices)) }, shape: sizes)
    case .int32: return Tensor((0..<count).map { _ in Int32(index(indices)) }, shape: sizes)
    case .int16: return Tensor((0..<count).map { _ in Int16(index(indices)) }, shape: sizes)
    case .int8: return Tensor((0..<count).map { _ in Int8(index(100)) }, shape: sizes)
    case .uint8: return Tensor((0..<count).map { _ in UInt8(index(256)) }, shape: sizes)
    case .bool: return Tensor((0..<count).map { _ in index(2) == 1 }, shape: sizes)
    case .string: return Tensor(strings: (0..<count).map { _ in ["", "a", "b c", "Hone"][index(4)] }, shape: sizes)
    default: return nil
    }
  }
}

/// Seeded numbers (SplitMix64).
struct RandomNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// Near enough to a normal distribution: the sum of four uniform numbers, with variance 1.
  mutating func normal() -> Double {
    let sum = (0..<4).reduce(0.0) { sum, _ in sum + Double(next() >> 11) / Double(1 << 53) }
    return (sum - 2) * 1.7320508
  }
}
