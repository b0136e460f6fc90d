import HoneIR

/// A regular expression in RE2 syntax, matched in time proportional to pattern and text.
struct RegularExpression: Sendable {
  enum Instruction: Sendable {
    case match
    case consume(ScalarSet)
    case check(Assertion)
    case jump(Int)
    case fork(Int, Int)
  }
  enum Assertion: Sendable { case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary }

  private var program: [Instruction] = []
  private static let longestProgram = 100_000

  init(_ pattern: String) throws(GraphError) {
    var parser = RegularExpressionParser(pattern)
    let syntax = try parser.parse()
    try emit(syntax)
    program.append(.match)
  }

  private mutating func emit(_ syntax: RegularExpressionSyntax) throws(GraphError) {
    guard program.count < Self.longestProgram else {
      throw GraphError(.unsupported, "the regular expression is too large")
    }
    switch syntax {
    case .set(let set): program.append(.consume(set))
    case .assertion(let assertion): program.append(.check(assertion))
    case .sequence(let parts): for part in parts { try emit(part) }
    case .alternatives(let parts): try emitAlternatives(parts)
    case .repetition(let part, let least, let most): try emitRepetition(part, least, most)
    }
  }

  private mutating func emitAlternatives(_ parts: [RegularExpressionSyntax]) throws(GraphError) {
    var exits: [Int] = []
    for (i, part) in parts.enumerated() {
      guard i < parts.count - 1 else {
        try emit(part)
        break
      }
      let fork = program.count
      program.append(.fork(fork + 1, 0))
      try emit(part)
      exits.append(program.count)
      program.append(.jump(0))
      program[fork] = .fork(fork + 1, program.count)
    }
    for exit in exits { program[exit] = .jump(program.count) }
  }

  private mutating func emitRepetition(_ part: RegularExpressionSyntax, _ least: Int, _ most: Int?) throws(GraphError) {
    for _ in 0..<least { try emit(part) }
    guard let most else {
      let fork = program.count
      program.append(.fork(fork + 1, 0))
      try emit(part)
      program.append(.jump(fork))
      program[fork] = .fork(fork + 1, program.count)
      return
    }
    var forks: [Int] = []
    for _ in least..<max(most, least) {
      forks.append(program.count)
      program.append(.fork(program.count + 1, 0))
      try emit(part)
    }
    for fork in forks { program[fork] = .fork(fork + 1, program.count) }
  }
}

extension RegularExpression {
  /// The whole of `text` matches.
  func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var states: [Int] = []
    var visited = [Int](repeating: -1, count: program.count)
    add(0, at: 0, of: scalars, to: &states, &visited)
    for (i, scalar) in scalars.enumerated() {
      var next: [Int] = []
      for state in states {
        if case .consume(let set) = program[state], set.contains(scalar) {
          add(state + 1, at: i + 1, of: scalars, to: &next, &visited)
        }
      }
      if next.isEmpty { return false }
      states = next
    }
    return states.contains { if case .match = program[$0] { true } else { false } }
  }

  /// Adds `state` and what it leads to without consuming anything.
  private func add(
    _ state: Int, at position: Int, of text: [Unicode.Scalar], to states: inout [Int], _ visited: inout [Int]
  ) {
    var pending = [state]
    while let state = pending.popLast() {
      if visited[state] == position { continue }
      visited[state] = position
      switch program[state] {
      case .match, .consume: states.append(state)
      case .jump(let target): pending.append(target)
      case .fork(let a, let b): pending += [b, a]
      case .check(let assertion): if holds(assertion, at: position, of: text) { pending.append(state + 1) }
      }
    }
  }

  private func holds(_ assertion: Assertion, at i: Int, of text: [Unicode.Scalar]) -> Bool {
    func isWord(_ i: Int) -> Bool { text.indices.contains(i) && ScalarSet.word.contains(text[i]) }
    return switch assertion {
    case .textStart: i == 0
    case .textEnd: i == text.count
    case .lineStart: i == 0 || text[i - 1] == "\n"
    case .lineEnd: i == text.count || text[i] == "\n"
    case .wordBoundary: isWord(i - 1) != isWord(i)
    case .noWordBoundary: isWord(i - 1) == isWord(i)
    }
  }
}
