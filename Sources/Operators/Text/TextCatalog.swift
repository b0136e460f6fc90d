import HoneIR

extension Catalog {
  static let text: [any Op.Type] = [
    StringConcat.self, StringSplit.self, StringNormalizer.self, RegexFullMatch.self, TfIdfVectorizer.self,
  ]
}
