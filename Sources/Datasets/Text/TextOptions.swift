/// How texts become samples; see `Tokenizer`.
public struct TextOptions: Sendable, Hashable, Codable {
  /// The number of ids of a sample.
  public var length: Int
  /// Words in a vocabulary that is built; with 0, words have ids through their n-grams only.
  public var vocabularyLimit: Int
  public var grams: Tokenizer.Grams?
  /// The vocabulary of a model that is trained already. If nil, one is built from the training samples.
  public var tokenizer: Tokenizer?

  public init(
    length: Int = 128, vocabularyLimit: Int = 20_000, grams: Tokenizer.Grams? = nil, tokenizer: Tokenizer? = nil
  ) {
    (self.length, self.vocabularyLimit, self.grams, self.tokenizer) = (length, vocabularyLimit, grams, tokenizer)
  }
}
