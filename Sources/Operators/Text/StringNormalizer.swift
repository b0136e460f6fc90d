public import HoneIR

/// Strings without stop words, in lower or upper case if wanted. Case is changed as Unicode says, whatever `locale`.
public struct StringNormalizer: EvaluatedOp {
  public enum Case: String, Sendable, Hashable, Codable {
    case lower = "LOWER"
    case upper = "UPPER"
    case none = "NONE"
  }
  public var case_change_action = Case.none
  public var is_case_sensitive = false
  public var locale: String?
  public var stopwords: [String] = []
  public init() {}
  public static var since: Int { 10 }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    guard let shape = try call.stringShape(0) else { return [.tensor(.string, nil as [Dimension]?)] }
    guard shape.count == 1 || (shape.count == 2 && (shape[0].size ?? 1) == 1) else {
      throw GraphError(.type, "takes [C] or [1×C], not \(try call.tensor(0))")
    }
    let count = stopwords.isEmpty ? shape[shape.count - 1] : call.unknownSize()
    return [.tensor(.string, shape.count == 1 ? [count] : [1, count])]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    var strings = input.strings
    if !stopwords.isEmpty {
      let words = Set(is_case_sensitive ? stopwords : stopwords.map { $0.lowercased() })
      strings.removeAll { words.contains(is_case_sensitive ? $0 : $0.lowercased()) }
      if strings.isEmpty { strings = [""] }
    }
    switch case_change_action {
    case .lower: strings = strings.map { $0.lowercased() }
    case .upper: strings = strings.map { $0.uppercased() }
    case .none: break
    }
    return [.tensor(Tensor(strings: strings, shape: input.sizes.count == 1 ? [strings.count] : [1, strings.count]))]
  }
}
