internal import Foundation
internal import HoneIR

/// The rows of a table: numbers, and perhaps a label.
struct TableDataset: SampleSource {
  let table: TableFile
  /// Records before the first row.
  let headerCount: Int
  let columnCount: Int
  let label: Int?
  let labels: [Label]?
  let path: String
  var count: Int { table.records.count - headerCount }

  func sample(_ index: Int) throws(GraphError) -> Sample {
    let fields = try row(index)
    var values: [Float] = []
    values.reserveCapacity(columnCount)
    for (column, field) in fields.enumerated() where column != label {
      guard let value = Self.number(field) else {
        throw GraphError(
          .input, "row \(index + headerCount + 1), column \(column + 1): ‘\(field.prefix(40))’ is no number"
        ).at(path)
      }
      values.append(value)
    }
    return Sample([NamedTensor("input", Tensor(values, shape: [values.count]))], label: labels?[index])
  }
  func label(_ index: Int) -> Label? { labels?[index] }

  /// The fields of row `index`, which are as many as in the first.
  func row(_ index: Int) throws(GraphError) -> [String] {
    let fields = try locating(path) { () throws(GraphError) in try table.fields(index + headerCount) }
    guard fields.count == columnCount else {
      throw GraphError(
        .input, "row \(index + headerCount + 1) has \(fields.count) columns, the first has \(columnCount)"
      ).at(path)
    }
    return fields
  }

  /// The number that a field spells; nothing, `NA` and `nan` are not a number.
  static func number(_ field: String) -> Float? {
    if let value = Float(field) { return value }
    return ["", "na", "n/a", "null", "?"].contains(field.lowercased()) ? .nan : nil
  }
}

extension Dataset {
  static func table(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    let table = try TableFile(url, delimiter: options.delimiter)
    guard !table.records.isEmpty else { throw GraphError(.input, "is empty").at(url.path) }
    let first = try table.fields(0)
    let second = table.records.count > 1 ? try table.fields(1) : nil
    let hasHeader = options.hasHeader ?? looksLikeHeader(first, second)
    var notes: [String] = []
    let label = try labelColumn(first, second ?? first, hasHeader, options, &notes, url)
    guard first.count > (label == nil ? 0 : 1) else {
      throw GraphError(.input, "has \(first.count) column; a label and at least one feature are expected").at(url.path)
    }
    let rows = TableDataset(
      table: table, headerCount: hasHeader ? 1 : 0, columnCount: first.count, label: nil, labels: nil, path: url.path)
    guard let label else { return Dataset(rows, content: .rows, task: .unlabelled, notes: notes) }
    let labels = try labels(rows, label, options)
    let labelled = TableDataset(
      table: table, headerCount: rows.headerCount, columnCount: rows.columnCount, label: label, labels: labels.labels,
      path: url.path)
    return Dataset(labelled, content: .rows, task: labels.task, classes: labels.classes, notes: notes + labels.notes)
  }

  /// The first line has a word where the second has a number, or words only.
  private static func looksLikeHeader(_ first: [String], _ second: [String]?) -> Bool {
    guard let second else { return false }
    let words = first.indices.filter { TableDataset.number(first[$0]) == nil }
    return words.contains { $0 < second.count && TableDataset.number(second[$0]) != nil }
      || !words.isEmpty && words.count == first.count && second != first
  }

  private static let labelNames = ["label", "labels", "class", "target", "y", "category", "species", "outcome"]

  /// The column of labels: as told, or named as labels are, or the one with words, or the first if it alone holds whole numbers,
  /// else the last.
  private static func labelColumn(
    _ first: [String], _ row: [String], _ hasHeader: Bool, _ options: DatasetOptions, _ notes: inout [String],
    _ url: URL
  ) throws(GraphError) -> Int? {
    switch options.label {
    case .some(.none): return nil
    case .index(let index):
      let column = index < 0 ? index + first.count : index
      guard first.indices.contains(column) else {
        throw GraphError(.attribute, "has \(first.count) columns; the label column \(index) is outside").at(url.path)
      }
      return column
    case .name(let name):
      if hasHeader, let column = first.firstIndex(of: name) { return column }
      let known = hasHeader ? "the columns are \(list(first))" : "the file has no line with names"
      throw GraphError(.attribute, "has no column ‘\(name)’; \(known)").at(url.path)
    case nil: break
    }
    let named = hasHeader ? first.firstIndex { labelNames.contains($0.lowercased()) } : nil
    let columns = 0..<min(first.count, row.count)
    let words = columns.filter { TableDataset.number(row[$0]) == nil }
    let whole = columns.filter { Int(row[$0]) != nil }
    let column = named ?? (words.count == 1 ? words[0] : whole == [0] ? 0 : first.count - 1)
    notes.append(
      "the label is taken from column \(column + 1)\(hasHeader ? " (\(first[column]))" : "") of \(first.count)")
    return column
  }

  private static func labels(_ rows: TableDataset, _ column: Int, _ options: DatasetOptions) throws(GraphError)
    -> Labels
  {
    var words: [String] = []
    words.reserveCapacity(rows.count)
    for index in 0..<rows.count { words.append(try rows.row(index)[column]) }
    return try locating(rows.path) { () throws(GraphError) in
      if options.task == .regression { return Labels(targets: try targets(words)) }
      let integers = words.compactMap(wholeNumber)
      if integers.count == words.count {
        guard options.task == nil, Set(integers).count > Labels.wholeClassLimit else {
          return try Labels(integers: integers, known: options.classes, areIndices: false)
        }
        var labels = Labels(targets: integers.map { [Float($0)] })
        labels.notes = [
          "the label column has more than \(Labels.wholeClassLimit) different whole numbers: they are taken as regression targets"
        ]
        return labels
      }
      let numbers = words.compactMap(Float.init)
      let areTargets = options.task == nil && numbers.count == words.count
      return areTargets ? Labels(targets: numbers.map { [$0] }) : try Labels(words: words, known: options.classes)
    }
  }

  private static func wholeNumber(_ word: String) -> Int? {
    Int(word) ?? (word.hasSuffix(".0") ? Int(word.dropLast(2)) : nil)
  }

  private static func targets(_ words: [String]) throws(GraphError) -> [[Float]] {
    var targets: [[Float]] = []
    for (row, word) in words.enumerated() {
      guard let value = Float(word) else {
        throw GraphError(.input, "the target ‘\(word.prefix(40))’ of row \(row + 1) is no number")
      }
      targets.append([value])
    }
    return targets
  }
}
