internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// The arrays of a `.npz` file; the first axis counts samples.
struct ArchiveDataset: SampleSource {
  enum Targets: Sendable {
    case labels([Label])
    /// Regression targets that are read with their sample.
    case rows(NumPyArray)
    case none
  }
  let inputs: [(name: String, array: NumPyArray)]
  let targets: Targets
  let path: String
  let count: Int

  func sample(_ index: Int) throws(GraphError) -> Sample {
    try locating(path) { () throws(GraphError) in
      var tensors: [NamedTensor] = []
      for (name, array) in inputs { tensors.append(NamedTensor(name, try array.row(index))) }
      return Sample(tensors, label: try label(index))
    }
  }

  func label(_ index: Int) throws(GraphError) -> Label? {
    switch targets {
    case .labels(let labels): labels[index]
    case .rows(let array): .values(try array.row(index).floats)
    case .none: nil
    }
  }

  /// Names of arrays that hold labels.
  static let labelNames = ["label", "labels", "y", "target", "targets"]
}

extension Dataset {
  static func archive(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    let archive = try NumPyArchive(url)
    var (names, notes, split) = chosenArrays(archive.names, options)
    let label = try labelArray(&names, options, url)
    guard !names.isEmpty else {
      throw GraphError(
        .input, "has no arrays of samples, only \(list(archive.names)); arrays are named as the model’s inputs"
      ).at(url.path)
    }
    var inputs: [(name: String, array: NumPyArray)] = []
    for (stored, name) in names { inputs.append((name, try archive.array(stored))) }
    let count = inputs[0].array.header.sizes.first ?? 0
    var counted = inputs
    if let label { counted.append((label, try archive.array(label))) }
    if let (name, array) = counted.first(where: { $0.array.header.sizes.contains(0) }) {
      throw GraphError(.input, "‘\(name)’ is \(array.type), which holds nothing").at(url.path)
    }
    for (name, array) in counted where array.header.sizes.first != count {
      throw GraphError(
        .input,
        "‘\(name)’ is \(array.type), ‘\(inputs[0].name)’ \(inputs[0].array.type): the first axis counts samples and must agree"
      ).at(url.path)
    }
    var (targets, task, classes) = (ArchiveDataset.Targets.none, Task.unlabelled, [String]())
    if label != nil {
      let array = counted.last!.array
      let read = try locating(url.path) { () throws(GraphError) in try readTargets(array, options) }
      (targets, task, classes) = (read.targets, read.task, read.classes)
      notes += read.notes
    }
    let first = inputs[0].array
    let isImage =
      inputs.count == 1 && first.header.type.element == .uint8
      && PixelImage.accepts(Array(first.header.sizes.dropFirst()))
    var dataset = Dataset(
      ArchiveDataset(inputs: inputs, targets: targets, path: url.path, count: count),
      content: isImage ? .images : .tensors,
      task: task, classes: classes, notes: notes, split: split, hasInputNames: true)
    if case .rows(let array) = targets, array.header.sizes.count > 2 {
      dataset.targetSizes = Array(array.header.sizes.dropFirst())
    }
    return dataset
  }

  /// The arrays of the wanted split, by their names without `_train`, `_test`; all if the names say nothing of splits.
  private static func chosenArrays(
    _ stored: [String], _ options: DatasetOptions
  ) -> (names: [(stored: String, name: String)], notes: [String], split: Split?) {
    func parts(_ name: String) -> (name: String, split: Split)? {
      guard let cut = name.lastIndex(of: "_"), let split = Split(folder: String(name[name.index(after: cut)...])) else {
        return nil
      }
      return (String(name[..<cut]), split)
    }
    let splits = Set(stored.compactMap { parts($0)?.split })
    guard !splits.isEmpty, stored.allSatisfy({ parts($0) != nil }), let split = preferred(splits, options.split) else {
      return (stored.map { ($0, $0) }, [], nil)
    }
    let names = stored.compactMap { name in parts(name).flatMap { $0.split == split ? (name, $0.name) : nil } }
    return (names, splitNote(splits, split, options), split)
  }

  /// The array of labels, which is taken out of `names`.
  private static func labelArray(
    _ names: inout [(stored: String, name: String)], _ options: DatasetOptions, _ url: URL
  ) throws(GraphError) -> String? {
    var wanted = ArchiveDataset.labelNames
    switch options.label {
    case .name(let name): wanted = [name]
    case .some(.none): return nil
    case .index:
      throw GraphError(.attribute, "the labels of a .npz file are an array, which is chosen by its name").at(url.path)
    case nil: break
    }
    guard let found = names.firstIndex(where: { wanted.contains($0.name) || wanted.contains($0.stored) }) else {
      guard options.label != nil else { return nil }
      throw GraphError(.input, "has no array ‘\(wanted[0])’; it has \(list(names.map(\.name)))").at(url.path)
    }
    return names.remove(at: found).stored
  }

  private static func readTargets(
    _ array: NumPyArray, _ options: DatasetOptions
  ) throws(GraphError) -> (targets: ArchiveDataset.Targets, task: Task, classes: [String], notes: [String]) {
    let width = array.header.sizes.dropFirst().reduce(1, *)
    if width != 1 && options.task != .classification && array.header.type.element != .string {
      return (.rows(array), .regression, [], [])
    }
    let labels = try Labels(array.tensor(), task: options.task, known: options.classes)
    return (.labels(labels.labels), labels.task, labels.classes, labels.notes)
  }

  static func list(_ names: [String]) -> String {
    names.isEmpty ? "none" : names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }
}
