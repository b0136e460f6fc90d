import HoneIR

/// What a built-in model can be asked for; nil takes the model's own default.
public struct ModelOptions: Sendable, Hashable {
  /// Classes, steps to forecast, or other sizes of the output.
  public var classes: Int?
  /// Sizes of one input sample: `[channels, height, width]`, `[steps, features]`, `[tokens]`, `[nodes, features]`.
  public var input: [Int]?
  /// Units of hidden layers: of recurrent layers, of tokens in transformers, of embeddings.
  public var hidden: Int?
  /// Layers or blocks, one above the other.
  public var layers: Int?
  /// A factor for the channels of all convolutions.
  public var width: Double?
  /// Different tokens.
  public var vocabulary: Int?
  /// How many times larger the output is along height and width.
  public var scale: Int?
  /// The share of elements that training drops.
  public var dropout: Float?
  /// The same seed gives the same weights.
  public var seed: UInt64 = 0

  public init() {}

  /// For the defaults of a model.
  init(
    classes: Int? = nil, input: [Int], hidden: Int? = nil, layers: Int? = nil, width: Double? = nil,
    vocabulary: Int? = nil, scale: Int? = nil, dropout: Float? = nil
  ) {
    (self.classes, self.input, self.hidden, self.layers) = (classes, input, hidden, layers)
    (self.width, self.vocabulary, self.scale, self.dropout) = (width, vocabulary, scale, dropout)
  }

  /// The names of the options that are set, besides the seed.
  public var names: [String] {
    let all: [(String, Bool)] = [
      ("classes", classes != nil), ("input", input != nil), ("hidden", hidden != nil), ("layers", layers != nil),
      ("width", width != nil), ("vocabulary", vocabulary != nil), ("scale", scale != nil),
      ("dropout", dropout != nil),
    ]
    return all.filter(\.1).map(\.0)
  }
}
