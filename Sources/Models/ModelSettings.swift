import HoneIR

/// The options of a model, every one that it takes with a value; the others have no meaning.
public struct ModelSettings: Sendable {
  public let classes: Int
  public let input: [Int]
  public let hidden: Int
  public let layers: Int
  public let width: Double
  public let vocabulary: Int
  public let scale: Int
  public let dropout: Float

  /// Fails where an option is given that `defaults` lacks, or out of range.
  init(_ given: ModelOptions, defaults: ModelOptions) throws(GraphError) {
    if let unknown = given.names.first(where: { !defaults.names.contains($0) }) {
      throw GraphError(
        .attribute, "has no option ‘\(unknown)’; it takes \(defaults.names.joined(separator: ", "))"
      ).at("option")
    }
    classes = given.classes ?? defaults.classes ?? 1
    input = given.input ?? defaults.input ?? []
    hidden = given.hidden ?? defaults.hidden ?? 1
    layers = given.layers ?? defaults.layers ?? 1
    width = given.width ?? defaults.width ?? 1
    vocabulary = given.vocabulary ?? defaults.vocabulary ?? 1
    scale = given.scale ?? defaults.scale ?? 1
    dropout = given.dropout ?? defaults.dropout ?? 0
    let sizes = [
      ("classes", classes), ("hidden", hidden), ("layers", layers), ("vocabulary", vocabulary), ("scale", scale),
    ]
    for (name, size) in sizes where size < 1 || size > 1 << 24 {
      throw GraphError(.attribute, "option ‘\(name)’ must be a positive number, is \(size)").at("option")
    }
    guard !input.isEmpty, input.count == defaults.input?.count, input.allSatisfy({ $0 > 0 && $0 <= 1 << 24 }) else {
      throw GraphError(
        .attribute,
        "option ‘input’ takes \(defaults.input?.count ?? 0) positive sizes such as \(defaults.input ?? []), is \(input)"
      ).at("option")
    }
    guard width > 0, width <= 64 else {
      throw GraphError(.attribute, "option ‘width’ is a factor above 0 and at most 64, is \(width)").at("option")
    }
    guard dropout >= 0, dropout < 1 else {
      throw GraphError(.attribute, "option ‘dropout’ is a share from 0 to below 1, is \(dropout)").at("option")
    }
  }
}

extension ModelSettings {
  /// `count` channels under the factor for widths.
  func channels(_ count: Int) -> Int { max(1, Int((Double(count) * width).rounded())) }

  /// Fails unless the images are at least `least` pixels high and wide, and multiples of `multiple`.
  func requireImage(atLeast least: Int, multipleOf multiple: Int = 1) throws(GraphError) {
    guard input[1...].allSatisfy({ $0 >= least && $0 % multiple == 0 }) else {
      let multiples = multiple > 1 ? " and multiples of \(multiple)" : ""
      throw GraphError(
        .attribute, "option ‘input’ needs a height and width of at least \(least)\(multiples), is \(input)"
      ).at("option")
    }
  }
}
