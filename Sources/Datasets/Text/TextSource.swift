internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// Texts, of which only the places are kept in memory, as ids of a tokenizer.
struct TextSource: SampleSource {
  /// Where texts lie: a part of a file, or a file each.
  enum Texts: Sendable {
    case lines(FileBytes, [Range<Int>])
    case files([URL])
  }
  let texts: Texts
  let labels: [Label]?
  var tokenizer: Tokenizer?
  let options: TextOptions

  /// No file with a text is longer.
  static let fileLimit = 1 << 26

  var count: Int {
    switch texts {
    case .lines(_, let places): places.count
    case .files(let files): files.count
    }
  }

  func sample(_ index: Int) throws(GraphError) -> Sample {
    guard let tokenizer else { throw GraphError(.invariant, "texts have no vocabulary") }
    let ids = tokenizer.ids(of: try text(index))
    return Sample([NamedTensor("input", Tensor(ids, shape: [ids.count]))], label: label(index))
  }
  func label(_ index: Int) -> Label? { labels?[index] }

  func text(_ index: Int) throws(GraphError) -> String {
    switch texts {
    case .lines(let file, let places): return String(decoding: try file.read(places[index]), as: UTF8.self)
    case .files(let files):
      let file = try FileBytes(files[index])
      guard file.count <= Self.fileLimit else {
        throw GraphError(.file, "has \(file.count) bytes, which is no text to classify").at(files[index].path)
      }
      return String(decoding: try file.read(0..<file.count), as: UTF8.self)
    }
  }

  /// With the vocabulary of the texts `indices`.
  func fitted(to indices: some Sequence<Int>) throws(GraphError) -> TextSource {
    var failure: GraphError?
    let texts = indices.lazy.map { index -> String in
      do throws(GraphError) { return try text(index) } catch {
        failure = error
        return ""
      }
    }
    var copy = self
    copy.tokenizer = try Tokenizer(
      of: texts, limit: options.vocabularyLimit, length: options.length, grams: options.grams)
    if let failure { throw failure }
    return copy
  }
}
