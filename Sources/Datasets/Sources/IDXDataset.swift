internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// Images and labels in two IDX files.
struct IDXDataset: SampleSource {
  let images: IDXFile
  let labels: [Int]?
  var count: Int { images.type.sizes![0] }

  func sample(_ index: Int) throws(GraphError) -> Sample {
    Sample([NamedTensor("input", try images.row(index))], label: label(index))
  }
  func label(_ index: Int) -> Label? { labels.map { .classIndex($0[index]) } }
}

extension Dataset {
  /// The four files of a folder that is named as MNIST is.
  private static let idxNames: [(split: Split, images: String, labels: String)] = [
    (.train, "train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    (.test, "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
  ]

  /// The folder has a file that is named as in MNIST.
  static func isIDXFolder(_ url: URL) -> Bool {
    idxNames.contains { idxFile($0.images, in: url) != nil || idxFile($0.labels, in: url) != nil }
  }

  static func idxFolder(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    let complete = idxNames.filter { idxFile($0.images, in: url) != nil && idxFile($0.labels, in: url) != nil }
    let wanted = options.split ?? complete.last?.split ?? .test
    guard let names = complete.first(where: { $0.split == wanted }) else {
      throw GraphError(.file, incompleteIDX(url, wanted, complete.map(\.split)))
    }
    let notes =
      options.split == nil && complete.count > 1 ? ["of the splits train and test, \(wanted.rawValue) is used"] : []
    return try idx(
      images: idxFile(names.images, in: url)!, labels: idxFile(names.labels, in: url), options, split: wanted,
      notes: notes)
  }

  /// An IDX file with images, and the file of labels beside it if there is one.
  static func idxFile(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset {
    let name = url.lastPathComponent
    let partner = name.replacingOccurrences(of: "images", with: "labels").replacingOccurrences(of: "idx3", with: "idx1")
    let stem = partner.hasSuffix(".gz") ? String(partner.dropLast(3)) : partner
    let labels = partner == name ? nil : idxFile(stem, in: url.deletingLastPathComponent())
    return try idx(images: url, labels: labels, options, split: nil, notes: [])
  }

  private static func idx(
    images: URL, labels: URL?, _ options: DatasetOptions, split: Split?, notes: [String]
  ) throws(GraphError) -> Dataset {
    let source = IDXDataset(images: try IDXFile(images), labels: try labels.map(classIndices))
    guard source.images.type.elementCount! > 0 else {
      throw GraphError(.input, "holds nothing: \(source.images.type)").at(images.path)
    }
    guard source.images.type.rank! >= 2 || labels == nil else {
      throw GraphError(.file, "has rank 1, as labels have; images have rank 3").at(images.path)
    }
    if let labels, let found = source.labels, found.count != source.count {
      throw GraphError(.file, "has \(found.count) labels for \(source.count) images").at(labels.path)
    }
    let rank = source.images.type.rank!
    let isImage = rank == 3 || rank == 4 && [1, 3].contains(source.images.type.sizes![3])
    let classes = options.classes ?? source.labels.map { (0...max($0.max() ?? 0, 0)).map(String.init) } ?? []
    return Dataset(
      source, content: isImage ? .images : .tensors, task: source.labels == nil ? .unlabelled : .classification,
      classes: classes, notes: notes, split: split)
  }

  private static func classIndices(_ url: URL) throws(GraphError) -> [Int] {
    let file = try IDXFile(url)
    guard file.type.rank == 1, file.type.element.isInteger else {
      throw GraphError(.file, "holds \(file.type); labels are a vector of integers").at(url.path)
    }
    let labels = try file.tensor().integers
    guard labels.allSatisfy({ $0 >= 0 && $0 < Labels.classLimit }) else {
      throw GraphError(.file, "holds labels that are no class indices").at(url.path)
    }
    return labels
  }

  private static func idxFile(_ stem: String, in folder: URL) -> URL? {
    let names = [
      stem, stem + ".gz", stem.replacingOccurrences(of: "-idx", with: ".idx"),
      stem.replacingOccurrences(of: "-idx", with: ".idx") + ".gz",
    ]
    return names.map { folder.appendingPathComponent($0) }.first { FileManager.default.fileExists(atPath: $0.path) }
  }

  private static func incompleteIDX(_ url: URL, _ wanted: Split, _ present: [Split]) -> String {
    let files = idxNames.map { "\($0.images) and \($0.labels) (\($0.split.rawValue))" }.joined(separator: ", ")
    let missing = idxNames.flatMap { [$0.images, $0.labels] }.filter { idxFile($0, in: url) == nil }
    let state =
      wanted == .validation
      ? "IDX folders have no validation split"
      : "the \(wanted.rawValue) split is incomplete: \(missing.joined(separator: ", ")) missing"
    return "\(state); the four files \(files), each also as .gz, belong into \(url.path)"
  }
}
