internal import Foundation
internal import HoneCodecs
public import HoneIR

extension Dataset {
  /// Opens the data at `path`, whatever it is:
  ///
  /// | path | samples |
  /// |---|---|
  /// | `.npz` | arrays named as the model's inputs, the first axis counts samples; labels in `label`, `labels`, `y`, `target` or `targets`; or `x_train`, `y_train`, `x_test`, … |
  /// | folder with `train-images-idx3-ubyte`, … | the four files of MNIST and its relatives, each also as `.gz`; or one of the image files |
  /// | `.csv`, `.tsv`, `.txt` | one row each; see `DatasetOptions.label` |
  /// | folder of folders of images | one folder for each class, perhaps inside `train`, `val`, `test`; PNG, JPEG, BMP, PPM, PGM |
  /// | folder of folders of `.txt` files | one folder for each class, perhaps inside `train`, `val`, `test`; see `Tokenizer` |
  /// | with `DatasetOptions.text`, a file | one `label<TAB>text` in each line |
  /// | with `DatasetOptions.forecast`, `.csv`, `.tsv` or `.npy` | windows of a series: one step in each row |
  /// | folder of images | unlabelled, for calibration |
  /// | folder with `train`, `val`, `test` `.npz` or `.csv` files | the file of the wanted split |
  /// | folder of `.npz` files, or of folders with `.npy` files | one run of the model each, batch axis included |
  ///
  /// Fails with an error of kind `.file` that names the path and what was expected.
  public static func open(_ path: String, _ options: DatasetOptions = DatasetOptions()) throws(GraphError) -> Dataset {
    let url = URL(fileURLWithPath: path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw GraphError(.file, "there is no such file or folder; \(expected)").at(path)
    }
    var dataset = Folder.isFolder(url) ? try openFolder(url, options) : try openFile(url, options)
    guard dataset.count > 0 else { throw GraphError(.input, "holds no samples").at(path) }
    if let wanted = options.split, dataset.split != wanted {
      dataset.notes.append("there are no splits; all samples are used as \(wanted.rawValue)")
    }
    return dataset
  }

  static let expected =
    "data is a .npz file, a folder with IDX files (train-images-idx3-ubyte, …), a .csv or .tsv file, a folder with a folder of images for each class, or a folder of .npz files"

  private static func openFile(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    let start = try FileBytes(url)
    let magic = try start.read(0..<min(4, start.count))
    if let text = options.text, !["npz", "npy"].contains(url.pathExtension.lowercased()) {
      return try textLines(url, options, text)
    }
    if let forecast = options.forecast {
      return url.pathExtension.lowercased() == "npy"
        ? try seriesArray(url, forecast) : try seriesTable(url, options, forecast)
    }
    switch url.pathExtension.lowercased() {
    case "npz": return try archive(url, options)
    case "csv", "tsv", "txt", "data": return try table(url, options)
    case "npy":
      throw GraphError(.file, "is a single array; data with several arrays and labels is a .npz file").at(url.path)
    default: break
    }
    if magic.starts(with: [0x50, 0x4b, 3, 4]) { return try archive(url, options) }
    if magic.starts(with: [0, 0]) || magic.starts(with: [0x1f, 0x8b]) { return try idxFile(url, options) }
    throw GraphError(.file, "is of no known kind; \(expected)").at(url.path)
  }

  private static func openFolder(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    if isIDXFolder(url) { return try idxFolder(url, options) }
    if let dataset = try splitFiles(url, options) { return dataset }
    if let dataset = try imageFolder(url, options) { return dataset }
    if let dataset = try textFolder(url, options) { return dataset }
    let places = try samplePlaces(url, options)
    guard places.isEmpty else { return sampleFolder(places, options) }
    let names = try Folder.names(url)
    throw GraphError(.file, "holds no data of a known kind (it has \(list(names))); \(expected)").at(url.path)
  }

  /// One of `train.npz`, `test.csv` and the like. The vocabulary of texts is that of the training file.
  private static func splitFiles(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset? {
    var files: [Split: URL] = [:]
    let known = ["npz", "csv", "tsv"] + (options.text == nil ? [] : ["txt"])
    for name in try Folder.names(url) {
      let file = url.appendingPathComponent(name)
      guard known.contains(file.pathExtension.lowercased()) else { continue }
      guard let split = Split(folder: file.deletingPathExtension().lastPathComponent) else { return nil }
      files[split] = file
    }
    guard !files.isEmpty else { return nil }
    let split = try requirePreferred(Set(files.keys), options.split, url)
    var reading = options
    if split != .train, options.text != nil, options.text?.tokenizer == nil, let training = files[.train] {
      reading.text?.tokenizer = try openFile(training, options).tokenizer
    }
    var dataset = try openFile(files[split]!, reading)
    dataset.notes += splitNote(Set(files.keys), split, options)
    dataset.split = split
    return dataset
  }
}

// MARK: Splits
extension Dataset {
  /// The wanted one of the splits that are there; test, validation or train if none is wanted.
  static func preferred(_ present: Set<Split>, _ wanted: Split?) -> Split? {
    guard let wanted else { return [Split.test, .validation, .train].first(where: present.contains) }
    return present.contains(wanted) ? wanted : nil
  }

  static func requirePreferred(_ present: Set<Split>, _ wanted: Split?, _ url: URL) throws(GraphError) -> Split {
    if let split = preferred(present, wanted) { return split }
    throw GraphError(.file, "has no \(wanted?.rawValue ?? "") split; it has \(listed(present))").at(url.path)
  }

  static func splitNote(_ present: Set<Split>, _ chosen: Split, _ options: DatasetOptions) -> [String] {
    options.split == nil && present.count > 1 ? ["of the splits \(listed(present)), \(chosen.rawValue) is used"] : []
  }

  private static func listed(_ splits: Set<Split>) -> String {
    let present = Split.allCases.filter(splits.contains).map(\.rawValue)
    return present.count < 2 ? present.joined() : present.dropLast().joined(separator: ", ") + " and " + present.last!
  }
}
