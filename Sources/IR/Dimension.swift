/// One size of a shape: a number, or an expression over named sizes that are bound when a plan is made.
///
/// Expressions are kept in a canonical form (a sum of products with integer factors), so that equal ones compare equal.
public struct Dimension: Sendable, Hashable, Codable {
  /// What cannot be simplified further: a name, or a rounded-down quotient.
  indirect enum Atom: Sendable, Hashable, Codable, Comparable {
    case symbol(String)
    case quotient(Dimension, Dimension)

    var text: String {
      switch self {
      case .symbol(let name): name
      case .quotient(let a, let b): "(\(a))/(\(b))"
      }
    }
    static func < (a: Atom, b: Atom) -> Bool { a.text < b.text }
  }
  struct Term: Sendable, Hashable, Codable {
    var factor: Int
    var atoms: [Atom]
  }

  private var constant: Int
  private var terms: [Term]

  private init(constant: Int, terms: [Term]) { (self.constant, self.terms) = (constant, terms) }

  /// A known size.
  public static func fixed(_ size: Int) -> Dimension { Dimension(constant: size, terms: []) }
  /// A named size.
  public static func symbol(_ name: String) -> Dimension {
    Dimension(constant: 0, terms: [Term(factor: 1, atoms: [.symbol(name)])])
  }

  /// The size, if it is known.
  public var size: Int? { terms.isEmpty ? constant : nil }
  /// The name, if this is nothing but a name.
  public var symbolName: String? {
    guard constant == 0, terms.count == 1, terms[0].factor == 1, terms[0].atoms.count == 1,
      case .symbol(let name) = terms[0].atoms[0]
    else { return nil }
    return name
  }
  /// Whether this is at least zero whatever sizes the names stand for.
  public var isNonNegative: Bool {
    constant >= 0
      && terms.allSatisfy { term in
        term.factor >= 0
          && term.atoms.allSatisfy { atom in
            guard case .quotient(let a, let b) = atom else { return true }
            return a.isNonNegative && b.isNonNegative
          }
      }
  }
  /// All names that occur.
  public var symbols: Set<String> {
    terms.reduce(into: []) { names, term in
      for atom in term.atoms {
        switch atom {
        case .symbol(let name): names.insert(name)
        case .quotient(let a, let b): names.formUnion(a.symbols.union(b.symbols))
        }
      }
    }
  }

  /// The expression with names replaced by sizes; names that `binding` lacks stay.
  public func bound(_ binding: [String: Int]) -> Dimension {
    terms.reduce(.fixed(constant)) { sum, term in
      sum
        + term.atoms.reduce(.fixed(term.factor)) { product, atom in
          switch atom {
          case .symbol(let name): product * (binding[name].map(Dimension.fixed) ?? .symbol(name))
          case .quotient(let a, let b): product * (a.bound(binding) / b.bound(binding))
          }
        }
    }
  }
}

extension Dimension {
  public static func + (a: Dimension, b: Dimension) -> Dimension {
    Dimension(constant: a.constant &+ b.constant, terms: merged(a.terms + b.terms))
  }
  public static func - (a: Dimension, b: Dimension) -> Dimension { a + b * -1 }
  public static func * (a: Dimension, b: Dimension) -> Dimension {
    var products: [Term] = []
    for x in a.terms {
      if b.constant != 0 { products.append(Term(factor: x.factor &* b.constant, atoms: x.atoms)) }
      for y in b.terms { products.append(Term(factor: x.factor &* y.factor, atoms: (x.atoms + y.atoms).sorted())) }
    }
    if a.constant != 0 { products += b.terms.map { Term(factor: $0.factor &* a.constant, atoms: $0.atoms) } }
    return Dimension(constant: a.constant &* b.constant, terms: merged(products))
  }
  /// The quotient, rounded down; `b` must not be zero.
  public static func / (a: Dimension, b: Dimension) -> Dimension {
    if let x = a.size, let y = b.size, y != 0 { return .fixed(Int((Double(x) / Double(y)).rounded(.down))) }
    if b.size == 1 { return a }
    if a == b { return 1 }
    if let y = b.size, y != 0, a.constant % y == 0, a.terms.allSatisfy({ $0.factor % y == 0 }) {
      return Dimension(constant: a.constant / y, terms: a.terms.map { Term(factor: $0.factor / y, atoms: $0.atoms) })
    }
    if let exact = a.dividedExactly(by: b) { return exact }
    return Dimension(constant: 0, terms: [Term(factor: 1, atoms: [.quotient(a, b)])])
  }

  /// Cancels a divisor that is a single product.
  private func dividedExactly(by b: Dimension) -> Dimension? {
    guard constant == 0, b.constant == 0, b.terms.count == 1, !terms.isEmpty else { return nil }
    let divisor = b.terms[0]
    var result: [Term] = []
    for term in terms {
      guard term.factor % divisor.factor == 0 else { return nil }
      var atoms = term.atoms
      for atom in divisor.atoms {
        guard let i = atoms.firstIndex(of: atom) else { return nil }
        atoms.remove(at: i)
      }
      result.append(Term(factor: term.factor / divisor.factor, atoms: atoms))
    }
    let constants = result.filter(\.atoms.isEmpty).reduce(0) { $0 + $1.factor }
    return Dimension(constant: constants, terms: Self.merged(result.filter { !$0.atoms.isEmpty }))
  }

  private static func merged(_ terms: [Term]) -> [Term] {
    if terms.count < 2 { return terms.filter { $0.factor != 0 } }
    var sums: [[Atom]: Int] = [:]
    for term in terms { sums[term.atoms, default: 0] &+= term.factor }
    return sums.filter { $0.value != 0 }.map { Term(factor: $0.value, atoms: $0.key) }
      .sorted { $0.atoms.lexicographicallyPrecedes($1.atoms) }
  }
}

extension Dimension: ExpressibleByIntegerLiteral, CustomStringConvertible {
  public init(integerLiteral value: Int) { self = .fixed(value) }
  public init(_ size: Int) { self = .fixed(size) }
  public var description: String {
    let parts = terms.map { term in
      let names = term.atoms.map(\.text).joined(separator: "·")
      return term.factor == 1 ? names : "\(term.factor)·\(names)"
    }
    if constant == 0 && !parts.isEmpty { return parts.joined(separator: "+") }
    return (parts + ["\(constant)"]).joined(separator: "+")
  }
}
