internal import Foundation
internal import HoneCodecs
public import HoneIR

extension Dataset {
  /// The tokenizer of texts: that of the options, or the one that was built. A model goes with the one it was trained with.
  public var tokenizer: Tokenizer? { (source as? TextSource)?.tokenizer }

  /// The same texts as ids of `tokenizer`.
  public func tokenized(by tokenizer: Tokenizer) throws(GraphError) -> Dataset {
    guard var text = source as? TextSource else {
      throw GraphError(.input, "the samples are no texts, which alone are tokenized")
    }
    text.tokenizer = tokenizer
    var copy = self
    copy.source = text
    return copy
  }

  /// The same texts with a vocabulary that is built from them alone. A dataset whose tokenizer was given, or one of other things, is
  /// left as it is.
  func refitted() throws(GraphError) -> Dataset {
    guard let text = source as? TextSource, text.options.tokenizer == nil else { return self }
    return try tokenized(by: text.fitted(to: indices ?? Array(0..<text.count)).tokenizer!)
  }

  /// A file with one `label<TAB>text` in each line; empty lines are left out.
  static func textLines(_ url: URL, _ options: DatasetOptions, _ texts: TextOptions) throws(GraphError) -> Dataset {
    let file = try FileBytes(url)
    let all = try file.read(0..<file.count)
    var (words, places, start) = ([String](), [Range<Int>](), all.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0)
    var number = 0
    while start < all.count {
      let end = all[start...].firstIndex(of: UInt8(ascii: "\n")) ?? all.count
      let line = start..<(end > start && all[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)
      start = end + 1
      number += 1
      if line.isEmpty { continue }
      guard let tab = all[line].firstIndex(of: 9), tab > line.lowerBound else {
        throw GraphError(.input, "line \(number) is not a label, a tab and a text").at(url.path)
      }
      words.append(String(decoding: all[line.lowerBound..<tab], as: UTF8.self))
      places.append(tab + 1..<line.upperBound)
    }
    let found = words
    let labels = try locating(url.path) { () throws(GraphError) in
      options.task == .regression ? try targets(found) : try Labels(words: found, known: options.classes)
    }
    return try text(.lines(file, places), labels, texts)
  }

  /// A folder of `.txt` files for each class, perhaps inside those of the splits; nil if there are none in `url`. The vocabulary is
  /// that of the training split.
  static func textFolder(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset? {
    let folders = try Folder.names(url).filter { Folder.isFolder(url.appendingPathComponent($0)) }
    var splits: [Split: URL] = [:]
    for name in folders { if let split = Split(folder: name) { splits[split] = url.appendingPathComponent(name) } }
    guard !splits.isEmpty, splits.count == folders.count else { return try classFolders(of: url, options, nil) }
    var classes = Set<String>()
    for folder in splits.values { classes.formUnion(try textClasses(folder)) }
    guard !classes.isEmpty else { return nil }
    let known = options.classes ?? classes.sorted()
    let present = Set(splits.keys)
    let split = try requirePreferred(present, options.split, url)
    var texts = options
    if split != .train, options.text?.tokenizer == nil, let training = splits[.train] {
      texts.text = options.text ?? TextOptions()
      texts.text!.tokenizer = try classFolders(of: training, options, known)?.tokenizer
    }
    guard var dataset = try classFolders(of: splits[split]!, texts, known) else { return nil }
    dataset.split = split
    dataset.notes += splitNote(present, split, options)
    return dataset
  }

  private static func classFolders(
    of url: URL, _ options: DatasetOptions, _ known: [String]?
  ) throws(GraphError) -> Dataset? {
    let present = try textClasses(url)
    guard !present.isEmpty else { return nil }
    let classes = known ?? options.classes ?? present
    var (files, labels) = ([URL](), [String]())
    for name in present {
      let folder = url.appendingPathComponent(name)
      for file in try Folder.names(folder) where file.hasSuffix(".txt") {
        files.append(folder.appendingPathComponent(file))
        labels.append(name)
      }
    }
    let found = labels
    let read = try locating(url.path) { () throws(GraphError) in try Labels(words: found, known: classes) }
    return try text(.files(files), read, options.text ?? TextOptions())
  }

  /// The folders in `url` with `.txt` files.
  private static func textClasses(_ url: URL) throws(GraphError) -> [String] {
    var found: [String] = []
    for name in try Folder.names(url).sorted() {
      let folder = url.appendingPathComponent(name)
      if Folder.isFolder(folder), try Folder.names(folder).contains(where: { $0.hasSuffix(".txt") }) {
        found.append(name)
      }
    }
    return found
  }

  private static func text(
    _ texts: TextSource.Texts, _ labels: Labels, _ options: TextOptions
  ) throws(GraphError) -> Dataset {
    let source = TextSource(texts: texts, labels: labels.labels, tokenizer: options.tokenizer, options: options)
    let fitted = options.tokenizer == nil ? try source.fitted(to: 0..<source.count) : source
    let tokenizer = fitted.tokenizer!
    return Dataset(
      fitted, content: .tensors, task: labels.task, classes: labels.classes,
      notes: labels.notes + [
        "texts are \(tokenizer.length) ids each, of \(tokenizer.idCount): \(tokenizer.words.count) words"
          + (tokenizer.grams.map { " and \($0.buckets) buckets of n-grams" } ?? "")
      ])
  }

  private static func targets(_ words: [String]) throws(GraphError) -> Labels {
    var targets: [[Float]] = []
    for word in words {
      guard let value = Float(word) else {
        throw GraphError(.input, "the target ‘\(word.prefix(40))’ of text \(targets.count + 1) is no number")
      }
      targets.append([value])
    }
    return Labels(targets: targets)
  }
}
