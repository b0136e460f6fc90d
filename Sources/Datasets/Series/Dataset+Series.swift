internal import Foundation
internal import HoneCodecs
internal import HoneIR

extension Dataset {
  /// Windows of the table in a `.csv` or `.tsv` file whose rows are steps in time. Columns that are no numbers, such as dates, are
  /// left out with a note.
  static func seriesTable(
    _ url: URL, _ options: DatasetOptions, _ forecast: ForecastOptions
  ) throws(GraphError) -> Dataset {
    let table = try TableFile(url, delimiter: options.delimiter)
    guard !table.records.isEmpty else { throw GraphError(.input, "is empty").at(url.path) }
    let first = try table.fields(0)
    let second = table.records.count > 1 ? try table.fields(1) : nil
    let hasHeader = options.hasHeader ?? looksLikeHeader(first, second)
    let header = hasHeader ? 1 : 0
    let names = hasHeader ? first : first.indices.map { "\($0)" }
    guard table.records.count > header else { throw GraphError(.input, "has no rows").at(url.path) }
    let top = try table.fields(header)
    let rows = TableDataset(
      table: table, headerCount: header, columnCount: first.count, label: nil, labels: nil, path: url.path)
    let used = first.indices.filter { $0 < top.count && TableDataset.number(top[$0]) != nil }
    var values: [Float] = []
    for row in 0..<rows.count {
      let fields = try rows.row(row)
      for column in used {
        guard let value = TableDataset.number(fields[column]), value.isFinite else {
          throw GraphError(
            .input,
            "row \(row + header + 1), column \(column + 1): ‘\(fields[column].prefix(40))’ is no number; a series has no gaps"
          ).at(url.path)
        }
        values.append(value)
      }
    }
    let left = first.indices.filter { !used.contains($0) }.map { names[$0] }
    let notes = left.isEmpty ? [] : ["columns that are no numbers are left out: \(list(left))"]
    return try series(values, names: used.map { names[$0] }, forecast, notes: notes, url)
  }

  /// Windows of an array [time] or [time, columns] in a `.npy` file.
  static func seriesArray(_ url: URL, _ forecast: ForecastOptions) throws(GraphError) -> Dataset {
    let tensor = try NumPyFile.read(url)
    guard (1...2).contains(tensor.sizes.count), !tensor.sizes.contains(0), tensor.element != .string,
      !tensor.element.isComplex
    else { throw GraphError(.input, "is \(tensor.type); a series is an array [time] or [time, columns]").at(url.path) }
    let columns = tensor.sizes.count == 1 ? 1 : tensor.sizes[1]
    return try series(tensor.floats, names: (0..<columns).map { "\($0)" }, forecast, notes: [], url)
  }

  private static func series(
    _ values: [Float], names: [String], _ forecast: ForecastOptions, notes: [String], _ url: URL
  ) throws(GraphError) -> Dataset {
    guard min(forecast.history, forecast.horizon, forecast.stride) > 0 else {
      throw GraphError(.attribute, "a forecast takes a history, a horizon and a stride of at least one step")
    }
    guard !names.isEmpty else { throw GraphError(.input, "has no column of numbers").at(url.path) }
    var targets: [Int] = []
    for name in forecast.targets {
      guard let column = names.firstIndex(of: name) else {
        throw GraphError(.attribute, "has no column ‘\(name)’ of numbers; there are \(list(names))").at(url.path)
      }
      targets.append(column)
    }
    if targets.isEmpty { targets = Array(names.indices) }
    let source = WindowSource(values: values, columns: names.count, targets: targets, options: forecast)
    guard source.count > 0 else {
      throw GraphError(
        .input,
        "has \(source.steps) steps; windows of \(forecast.history) and \(forecast.horizon) take \(forecast.history + forecast.horizon)"
      ).at(url.path)
    }
    var dataset = Dataset(source, content: .series, task: .regression, notes: notes)
    dataset.targetSizes = [forecast.horizon, targets.count]
    return dataset
  }

  /// For forecasts, the mean absolute difference of the targets from the values `season` steps before, over the whole series that
  /// was opened; it scales the error in MASE. Nil for other data.
  public func naiveError(season: Int = 1) -> Double? { (source as? WindowSource)?.naiveError(season: season) }
}
