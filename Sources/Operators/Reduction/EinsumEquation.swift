import HoneIR

/// A parsed Einstein summation. Labels are numbers: letters are their code points; the axes of an ellipsis are −1, −2, … from the right.
struct EinsumEquation: Sendable {
  var operands: [[Int]]
  var output: [Int]

  private enum Symbol {
    case label(Int)
    case ellipsis
  }

  /// Parses `equation` for operands of these ranks.
  init(_ equation: String, ranks: [Int]) throws(GraphError) {
    let compact = equation.filter { $0 != " " }
    let (left, right) = Self.sides(compact)
    let terms = try Self.terms(left)
    guard terms.count == ranks.count else {
      throw GraphError(.arity, "‘\(equation)’ has \(terms.count) terms, there are \(ranks.count) operands")
    }
    var widest = 0
    operands = []
    for (term, rank) in zip(terms, ranks) {
      let letters = term.count { if case .label = $0 { true } else { false } }
      let width = rank - letters
      guard width == 0 || (width > 0 && letters < term.count) else {
        throw GraphError(.type, "a term of ‘\(equation)’ has \(letters) labels, its operand \(rank) axes")
      }
      widest = max(widest, width)
      operands.append(Self.labels(term, ellipsisWidth: width))
    }
    if let right {
      output = Self.labels(try Self.terms(right)[0], ellipsisWidth: widest)
    } else {
      let all = operands.flatMap { $0 }
      let once = Set(all.filter { label in label >= 0 && all.count { $0 == label } == 1 })
      output = Self.labels([.ellipsis], ellipsisWidth: widest) + once.sorted()
    }
    let known = Set(operands.flatMap { $0 })
    guard Set(output).count == output.count, known.isSuperset(of: output) else {
      throw GraphError(.attribute, "the output of ‘\(equation)’ repeats a label or has one that no operand has")
    }
  }

  /// The text on both sides of the arrow.
  private static func sides(_ text: String) -> (String, String?) {
    guard let arrow = text.firstRange(of: "->") else { return (text, nil) }
    return (String(text[..<arrow.lowerBound]), String(text[arrow.upperBound...]))
  }

  private static func terms(_ text: String) throws(GraphError) -> [[Symbol]] {
    var terms: [[Symbol]] = [[]]
    var dots = 0
    for scalar in text.unicodeScalars {
      switch scalar {
      case ",": terms.append([])
      case ".":
        dots += 1
        if dots % 3 == 0 { terms[terms.count - 1].append(.ellipsis) }
      case "a"..."z", "A"..."Z": terms[terms.count - 1].append(.label(Int(scalar.value)))
      default: throw GraphError(.attribute, "‘\(scalar)’ has no meaning in equation ‘\(text)’")
      }
    }
    return terms
  }

  private static func labels(_ term: [Symbol], ellipsisWidth: Int) -> [Int] {
    term.flatMap { symbol -> [Int] in
      switch symbol {
      case .label(let label): [label]
      case .ellipsis: (0..<ellipsisWidth).map { $0 - ellipsisWidth }
      }
    }
  }

  /// The axis of each operand that has `label`, for its size.
  func places(of label: Int) -> [(operand: Int, axis: Int)] {
    operands.enumerated().flatMap { i, labels in
      labels.indices.filter { labels[$0] == label }.map { (operand: i, axis: $0) }
    }
  }
  /// Labels that are summed over, in order of appearance.
  var summed: [Int] {
    var seen = Set(output)
    return operands.flatMap { $0 }.filter { seen.insert($0).inserted }
  }
}
