/// A set of Unicode scalars: ranges, general categories, and nested sets.
struct ScalarSet: Sendable {
  var ranges: [ClosedRange<UInt32>] = []
  /// Names of general categories such as `Lu`, or their first letter.
  var categories: [String] = []
  var sets: [ScalarSet] = []
  var isNegated = false
  var ignoresCase = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var found = holds(scalar)
    if !found && ignoresCase {
      let variants = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
      found = variants.contains { $0.unicodeScalars.count == 1 && holds($0.unicodeScalars.first!) }
    }
    return found != isNegated
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    if ranges.contains(where: { $0.contains(scalar.value) }) { return true }
    if sets.contains(where: { $0.contains(scalar) }) { return true }
    if categories.isEmpty { return false }
    let name = Self.abbreviation(scalar.properties.generalCategory)
    return categories.contains { $0 == "Any" || name == $0 || String(name.first!) == $0 }
  }

  static func one(_ scalar: Unicode.Scalar) -> ScalarSet { ScalarSet(ranges: [scalar.value...scalar.value]) }
  static let digit = ScalarSet(ranges: [48...57])
  static let space = ScalarSet(ranges: [9...10, 12...13, 32...32])
  static let word = ScalarSet(ranges: [48...57, 65...90, 95...95, 97...122])
  static let any = ScalarSet(ranges: [0...0x10FFFF])
  static let anyButNewline = ScalarSet(ranges: [10...10], isNegated: true)

  /// The classes that are written `[:name:]`.
  static let named: [String: ScalarSet] = [
    "alnum": ScalarSet(ranges: [48...57, 65...90, 97...122]),
    "alpha": ScalarSet(ranges: [65...90, 97...122]),
    "ascii": ScalarSet(ranges: [0...127]),
    "blank": ScalarSet(ranges: [9...9, 32...32]),
    "cntrl": ScalarSet(ranges: [0...31, 127...127]),
    "digit": digit,
    "graph": ScalarSet(ranges: [33...126]),
    "lower": ScalarSet(ranges: [97...122]),
    "print": ScalarSet(ranges: [32...126]),
    "punct": ScalarSet(ranges: [33...47, 58...64, 91...96, 123...126]),
    "space": ScalarSet(ranges: [9...13, 32...32]),
    "upper": ScalarSet(ranges: [65...90]),
    "word": word,
    "xdigit": ScalarSet(ranges: [48...57, 65...70, 97...102]),
  ]

  /// General categories by the names that patterns use.
  static let categoryNames: Set<String> = [
    "Any", "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
    "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co",
  ]

  private static func abbreviation(_ category: Unicode.GeneralCategory) -> String {
    switch category {
    case .uppercaseLetter: "Lu"
    case .lowercaseLetter: "Ll"
    case .titlecaseLetter: "Lt"
    case .modifierLetter: "Lm"
    case .otherLetter: "Lo"
    case .nonspacingMark: "Mn"
    case .spacingMark: "Mc"
    case .enclosingMark: "Me"
    case .decimalNumber: "Nd"
    case .letterNumber: "Nl"
    case .otherNumber: "No"
    case .connectorPunctuation: "Pc"
    case .dashPunctuation: "Pd"
    case .openPunctuation: "Ps"
    case .closePunctuation: "Pe"
    case .initialPunctuation: "Pi"
    case .finalPunctuation: "Pf"
    case .otherPunctuation: "Po"
    case .mathSymbol: "Sm"
    case .currencySymbol: "Sc"
    case .modifierSymbol: "Sk"
    case .otherSymbol: "So"
    case .spaceSeparator: "Zs"
    case .lineSeparator: "Zl"
    case .paragraphSeparator: "Zp"
    case .control: "Cc"
    case .format: "Cf"
    case .surrogate: "Cs"
    case .privateUse: "Co"
    case .unassigned: "Cn"
    @unknown default: "Cn"
    }
  }
}
