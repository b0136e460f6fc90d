import HoneIR
import Testing

@testable import HoneDatasets

struct TokenizerTests {
  @Test(arguments: [
    ("Hello, WORLD!", ["hello", "world"]), ("it’s 3.5 – don't", ["it's", "3", "5", "don't"]),
    ("Grüße\taus KÖLN", ["grüße", "aus", "köln"]), ("我们go", ["我", "们", "go"]), (" ' -- ", []),
  ])
  func `words are runs of letters and digits`(text: String, words: [String]) {
    #expect(Tokenizer.words(of: text) == words)
  }

  @Test func `the most frequent words have the first ids`() throws {
    let tokenizer = try Tokenizer(of: ["b a c", "a c d", "a"], limit: 3, length: 5)
    #expect(tokenizer.words == ["a", "c", "b"] && tokenizer.idCount == 5)
    #expect(tokenizer.ids(of: "C, d a") == [3, 1, 2, 0, 0])
    #expect(tokenizer.ids(of: "a b c d e f") == [2, 4, 3, 1, 1])
    #expect(tokenizer.ids(of: "") == [0, 0, 0, 0, 0])
  }

  /// The buckets were computed apart in Python from the definition of FNV-1a.
  @Test func `n-grams are hashed into buckets after the words`() throws {
    let only = try Tokenizer(words: [], length: 8, grams: .init(minimum: 1, maximum: 3, buckets: 1000))
    #expect(only.ids(of: "né") == [657, 145, 555, 287, 99, 219, 15, 0] && only.idCount == 1002)
    let both = try Tokenizer(words: ["dog", "cat"], length: 8, grams: .init(minimum: 3, maximum: 4, buckets: 50))
    #expect(both.ids(of: "cat") == [3, 51, 27, 35, 49, 10, 0, 0])
  }

  @Test func `a tokenizer is read as it was written`() throws {
    let tokenizer = try Tokenizer(words: ["x", "y"], length: 3, grams: .init(buckets: 7))
    let read = try Tokenizer(json: tokenizer.json)
    #expect(read == tokenizer && read.ids(of: "y z") == tokenizer.ids(of: "y z"))
    #expect(message { try Tokenizer(json: "{}") }.contains("no tokenizer"))
    #expect(message { try Tokenizer(words: [], length: 0) }.contains("not 0"))
    #expect(message { try Tokenizer(words: [], length: 1, grams: .init(minimum: 3, maximum: 2)) }.contains("n-grams"))
  }
}
