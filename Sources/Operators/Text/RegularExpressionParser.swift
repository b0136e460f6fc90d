import HoneIR

/// What a regular expression says.
indirect enum RegularExpressionSyntax: Sendable {
  case set(ScalarSet)
  case assertion(RegularExpression.Assertion)
  case sequence([RegularExpressionSyntax])
  case alternatives([RegularExpressionSyntax])
  case repetition(RegularExpressionSyntax, Int, Int?)
}

/// Reads RE2 syntax. Which of several matches is preferred plays no part, because only whole texts are matched.
struct RegularExpressionParser {
  struct Flags {
    var ignoresCase = false
    var dotTakesNewline = false
    var isMultiline = false
  }
  private let pattern: [Unicode.Scalar]
  private var position = 0
  private var depth = 0
  private var flags = Flags()
  private static let deepest = 200
  private static let mostRepeats = 1000

  init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

  mutating func parse() throws(GraphError) -> RegularExpressionSyntax {
    let syntax = try alternatives()
    guard position == pattern.count else { throw failure("‘)’ closes nothing") }
    return syntax
  }

  private func failure(_ reason: String) -> GraphError {
    GraphError(.attribute, "regular expression “\(String(String.UnicodeScalarView(pattern)))”: \(reason)")
  }
  private var next: Unicode.Scalar? { position < pattern.count ? pattern[position] : nil }
  private mutating func take() throws(GraphError) -> Unicode.Scalar {
    guard let scalar = next else { throw failure("it ends too early") }
    position += 1
    return scalar
  }
  private mutating func takeIf(_ text: String) -> Bool {
    let wanted = Array(text.unicodeScalars)
    guard pattern[position...].starts(with: wanted) else { return false }
    position += wanted.count
    return true
  }

  private mutating func alternatives() throws(GraphError) -> RegularExpressionSyntax {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.deepest else { throw failure("it is nested too deeply") }
    var choices: [RegularExpressionSyntax] = [try sequence()]
    while takeIf("|") { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .alternatives(choices)
  }

  private mutating func sequence() throws(GraphError) -> RegularExpressionSyntax {
    var parts: [RegularExpressionSyntax] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      if takeIf("\\Q") {
        while next != nil, !takeIf("\\E") { parts.append(.set(cased(.one(try take())))) }
        continue
      }
      guard let atom = try atom() else { continue }
      parts.append(try repeated(atom))
    }
    return .sequence(parts)
  }

  private mutating func repeated(_ atom: RegularExpressionSyntax) throws(GraphError) -> RegularExpressionSyntax {
    let (least, most): (Int, Int?)
    if takeIf("*") {
      (least, most) = (0, nil)
    } else if takeIf("+") {
      (least, most) = (1, nil)
    } else if takeIf("?") {
      (least, most) = (0, 1)
    } else if let counts = try counts() {
      (least, most) = counts
    } else {
      return atom
    }
    _ = takeIf("?")
    if let scalar = next, "*+?".unicodeScalars.contains(scalar) { throw failure("‘\(scalar)’ repeats a repetition") }
    return .repetition(atom, least, most)
  }

  /// `{n}`, `{n,}` or `{n,m}`; anything else in braces is text.
  private mutating func counts() throws(GraphError) -> (Int, Int?)? {
    let start = position
    guard takeIf("{"), let least = number() else {
      position = start
      return nil
    }
    var most: Int? = least
    if takeIf(",") { most = number() }
    guard takeIf("}") else {
      position = start
      return nil
    }
    guard least <= Self.mostRepeats, (most ?? least) <= Self.mostRepeats, (most ?? least) >= least else {
      throw failure("it repeats \(least) to \(most.map(String.init) ?? "any number of") times")
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    let digits = pattern[position...].prefix { ("0"..."9").contains($0) }.prefix(9)
    position += digits.count
    return Int(String(String.UnicodeScalarView(digits)))
  }

  private func cased(_ set: ScalarSet) -> ScalarSet {
    var set = set
    set.ignoresCase = flags.ignoresCase
    return set
  }

  private mutating func atom() throws(GraphError) -> RegularExpressionSyntax? {
    switch try take() {
    case "(": return try group()
    case "[": return .set(try bracket())
    case ".": return .set(flags.dotTakesNewline ? .any : .anyButNewline)
    case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
    case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
    case "\\":
      if takeIf("b") { return .assertion(.wordBoundary) }
      if takeIf("B") { return .assertion(.noWordBoundary) }
      if takeIf("A") { return .assertion(.textStart) }
      if takeIf("z") { return .assertion(.textEnd) }
      return .set(cased(try escape()))
    case let scalar where "*+?".unicodeScalars.contains(scalar): throw failure("‘\(scalar)’ repeats nothing")
    case let scalar: return .set(cased(.one(scalar)))
    }
  }

  private mutating func group() throws(GraphError) -> RegularExpressionSyntax? {
    let outer = flags
    if takeIf("?") {
      if takeIf("P<") || takeIf("<") {
        while try take() != ">" {}
      } else if try !setFlags() {
        return nil
      }
    }
    let content = try alternatives()
    guard takeIf(")") else { throw failure("‘(’ is not closed") }
    flags = outer
    return content
  }

  /// Flags after `(?`; true if a group follows, false if they hold for the rest of this group.
  private mutating func setFlags() throws(GraphError) -> Bool {
    var value = true
    while true {
      switch try take() {
      case "i": flags.ignoresCase = value
      case "s": flags.dotTakesNewline = value
      case "m": flags.isMultiline = value
      case "U": break
      case "-": value = false
      case ":": return true
      case ")": return false
      case let scalar: throw failure("‘(?\(scalar)’ is unknown")
      }
    }
  }

  /// A bracketed class, after `[`.
  private mutating func bracket() throws(GraphError) -> ScalarSet {
    var set = ScalarSet(isNegated: takeIf("^"), ignoresCase: flags.ignoresCase)
    var isFirst = true
    while isFirst || next != "]" {
      isFirst = false
      if takeIf("[:") {
        set.sets.append(try namedClass())
        continue
      }
      let low = try member()
      guard low.ranges.count == 1, let start = low.ranges.first, start.count == 1, !low.isNegated, next == "-",
        position + 1 < pattern.count, pattern[position + 1] != "]"
      else {
        set.sets.append(low)
        continue
      }
      position += 1
      guard let end = try member().ranges.first, end.lowerBound >= start.lowerBound else {
        throw failure("a range runs backwards")
      }
      set.ranges.append(start.lowerBound...end.lowerBound)
    }
    position += 1
    return set
  }

  private mutating func member() throws(GraphError) -> ScalarSet {
    let scalar = try take()
    return scalar == "\\" ? try escape() : .one(scalar)
  }

  private mutating func namedClass() throws(GraphError) -> ScalarSet {
    let isNegated = takeIf("^")
    var name = ""
    while !takeIf(":]") { name.unicodeScalars.append(try take()) }
    guard var set = ScalarSet.named[name] else { throw failure("class ‘\(name)’ is unknown") }
    set.isNegated = isNegated
    return set
  }

  /// What follows a backslash.
  private mutating func escape() throws(GraphError) -> ScalarSet {
    func negated(_ set: ScalarSet) -> ScalarSet {
      var set = set
      set.isNegated.toggle()
      return set
    }
    switch try take() {
    case "d": return .digit
    case "D": return negated(.digit)
    case "s": return .space
    case "S": return negated(.space)
    case "w": return .word
    case "W": return negated(.word)
    case "a": return .one("\u{7}")
    case "f": return .one("\u{C}")
    case "n": return .one("\n")
    case "r": return .one("\r")
    case "t": return .one("\t")
    case "v": return .one("\u{B}")
    case "x": return try hexadecimal()
    case "0": return try octal()
    case "p": return try category(isNegated: false)
    case "P": return try category(isNegated: true)
    case let scalar where scalar.value < 128 && !ScalarSet.word.contains(scalar): return .one(scalar)
    case let scalar: throw failure("‘\\\(scalar)’ is unknown")
    }
  }

  private mutating func hexadecimal() throws(GraphError) -> ScalarSet {
    var digits = ""
    if takeIf("{") {
      while !takeIf("}") { digits.unicodeScalars.append(try take()) }
    } else {
      for _ in 0..<2 { digits.unicodeScalars.append(try take()) }
    }
    guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
      throw failure("‘\\x\(digits)’ is no character")
    }
    return .one(scalar)
  }

  private mutating func octal() throws(GraphError) -> ScalarSet {
    var code: UInt32 = 0
    for _ in 0..<2 {
      guard let scalar = next, ("0"..."7").contains(scalar) else { break }
      code = code * 8 + scalar.value - 48
      position += 1
    }
    return .one(Unicode.Scalar(code)!)
  }

  private mutating func category(isNegated: Bool) throws(GraphError) -> ScalarSet {
    var name = ""
    if takeIf("{") {
      while !takeIf("}") { name.unicodeScalars.append(try take()) }
    } else {
      name.unicodeScalars.append(try take())
    }
    let inverted = name.hasPrefix("^")
    if inverted { name.removeFirst() }
    guard ScalarSet.categoryNames.contains(name) else {
      throw GraphError(.unsupported, "character class ‘\\p{\(name)}’")
    }
    return ScalarSet(categories: [name], isNegated: isNegated != inverted)
  }
}
