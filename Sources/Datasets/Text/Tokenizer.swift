internal import Foundation
public import HoneIR

/// Turns text into a fixed number of ids, as a model's embedding takes them.
///
/// Words are runs of letters, marks, digits and apostrophes, lower-cased; every ideograph is a word of its own; all else parts words.
/// Ids are 0 for padding, 1 for words that the vocabulary lacks, 2 … for its words, and after these, with `grams`, one for each
/// bucket: every word is followed by the n-grams of its characters between `<` and `>`, hashed into the buckets (Bojanowski et al.,
/// 2017). What is longer than `length` is cut off, what is shorter is padded at the end.
public struct Tokenizer: Sendable, Hashable, Codable {
  /// Parts of words, which tell something of words that were never seen.
  public struct Grams: Sendable, Hashable, Codable {
    /// The smallest and the largest number of characters.
    public var minimum: Int
    public var maximum: Int
    public var buckets: Int
    public init(minimum: Int = 3, maximum: Int = 5, buckets: Int = 1 << 16) {
      (self.minimum, self.maximum, self.buckets) = (minimum, maximum, buckets)
    }
  }

  /// The words from id 2 on.
  public let words: [String]
  public let length: Int
  public let grams: Grams?
  private let ids: [String: Int]

  public init(words: [String], length: Int, grams: Grams? = nil) throws(GraphError) {
    guard length > 0, length <= 1 << 20 else {
      throw GraphError(.attribute, "a text is cut to 1 to \(1 << 20) ids, not \(length)").at("tokenizer")
    }
    if let grams, grams.minimum < 1 || grams.maximum < grams.minimum || !(1...1 << 28).contains(grams.buckets) {
      throw GraphError(.attribute, "n-grams take 1 ≤ minimum ≤ maximum and 1 to \(1 << 28) buckets").at("tokenizer")
    }
    (self.words, self.length, self.grams) = (words, length, grams)
    ids = Dictionary(zip(words, 2...), uniquingKeysWith: { first, _ in first })
  }

  /// The vocabulary of `texts`: the words that are most frequent, and of equals the first in order of their bytes.
  public init(
    of texts: some Sequence<String>, limit: Int, length: Int, grams: Grams? = nil
  ) throws(GraphError) {
    var counts: [String: Int] = [:]
    for text in texts { for word in Self.words(of: text) { counts[word, default: 0] += 1 } }
    let ranked = counts.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    try self.init(words: ranked.prefix(max(limit, 0)).map(\.key), length: length, grams: grams)
  }

  /// How many different ids there are: the rows of an embedding.
  public var idCount: Int { 2 + words.count + (grams?.buckets ?? 0) }

  /// The `length` ids of `text`.
  public func ids(of text: String) -> [Int64] {
    var result: [Int64] = []
    for word in Self.words(of: text) where result.count < length {
      if let id = ids[word] { result.append(Int64(id)) } else if grams == nil || !words.isEmpty { result.append(1) }
      if let grams { result += buckets(of: word, grams) }
    }
    if result.count > length { result.removeLast(result.count - length) }
    result += [Int64](repeating: 0, count: length - result.count)
    return result
  }

  private func buckets(of word: String, _ grams: Grams) -> [Int64] {
    let characters = Array("<\(word)>".unicodeScalars)
    var found: [Int64] = []
    for start in characters.indices {
      for size in grams.minimum...grams.maximum where start + size <= characters.count {
        // A mark alone says nothing.
        if size == 1 && (start == 0 || start == characters.count - 1) { continue }
        let hash = Self.hash(characters[start..<start + size])
        found.append(Int64(2 + words.count + Int(hash % UInt32(grams.buckets))))
      }
    }
    return found
  }

  /// FNV-1a of the UTF-8.
  private static func hash(_ characters: ArraySlice<Unicode.Scalar>) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for character in characters {
      for byte in UTF8.encode(character)! { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    }
    return hash
  }

  /// The words of `text`, lower-cased.
  public static func words(of text: String) -> [String] {
    var words: [String] = []
    var word = String.UnicodeScalarView()
    func end() {
      if word.contains(where: { $0 != "'" }) { words.append(String(word)) }
      word = .init()
    }
    for scalar in text.lowercased().unicodeScalars {
      let properties = scalar.properties
      if scalar.isASCII {
        if ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "'" {
          word.append(scalar)
        } else {
          end()
        }
      } else if properties.isIdeographic {
        end()
        word.append(scalar)
        end()
      } else if scalar == "\u{2019}" {
        word.append("'")
      } else if properties.isAlphabetic || properties.numericType != nil || isMark(properties.generalCategory) {
        word.append(scalar)
      } else {
        end()
      }
    }
    end()
    return words
  }

  private static func isMark(_ category: Unicode.GeneralCategory) -> Bool {
    category == .nonspacingMark || category == .spacingMark
  }
}

extension Tokenizer {
  /// The key of a model's metadata under which the JSON of its tokenizer lies.
  public static let metadataKey = "hone.tokenizer"

  /// Reads the JSON of a model's metadata.
  public init(json: String) throws(GraphError) {
    do { self = try JSONDecoder().decode(Tokenizer.self, from: Data(json.utf8)) } catch {
      if let error = error as? GraphError { throw error }
      throw GraphError(.attribute, "the JSON is no tokenizer with words and a length").at("tokenizer")
    }
  }

  /// The JSON for the model's metadata.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  private enum Key: String, CodingKey { case words, length, grams }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    try self.init(
      words: container.decode([String].self, forKey: .words), length: container.decode(Int.self, forKey: .length),
      grams: container.decodeIfPresent(Grams.self, forKey: .grams))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(words, forKey: .words)
    try container.encode(length, forKey: .length)
    try container.encodeIfPresent(grams, forKey: .grams)
  }
}
