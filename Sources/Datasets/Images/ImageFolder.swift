internal import Foundation
internal import HoneIR

/// Image files that are decoded when they are asked for.
struct ImageFolder: SampleSource {
  /// Folders, and for each file the one it lies in.
  let folders: [URL]
  let files: [(folder: Int, name: String)]
  let isLabelled: Bool
  let color: ImageColor
  var count: Int { files.count }

  func sample(_ index: Int) throws(GraphError) -> Sample {
    let (folder, name) = files[index]
    let image = try ImageFile.read(folders[folder].appendingPathComponent(name), color: color)
    return Sample([NamedTensor("input", image)], label: isLabelled ? .classIndex(folder) : nil)
  }
  func label(_ index: Int) -> Label? { isLabelled ? .classIndex(files[index].folder) : nil }

  static func images(in folder: URL) throws(GraphError) -> [String] {
    try Folder.names(folder).filter { ImageFile.extensions.contains(($0 as NSString).pathExtension.lowercased()) }
  }
}

extension Dataset {
  /// Nil if there are no images in `url`, in its folders, or in those of its splits.
  static func imageFolder(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> Dataset? {
    let folders = try Folder.names(url).filter { Folder.isFolder(url.appendingPathComponent($0)) }
    var splits: [Split: URL] = [:]
    for name in folders { if let split = Split(folder: name) { splits[split] = url.appendingPathComponent(name) } }
    guard splits.isEmpty || splits.count < folders.count else { return try splitFolders(url, splits, options) }
    let classes = try classFolders(url, folders)
    let loose = try ImageFolder.images(in: url)
    if classes.isEmpty && loose.isEmpty { return nil }
    guard classes.isEmpty || loose.isEmpty else {
      throw GraphError(
        .file,
        "holds images (\(loose[0]), …) beside folders of images (\(classes[0]), …); a folder for each class is expected"
      ).at(url.path)
    }
    if classes.isEmpty {
      let source = ImageFolder(folders: [url], files: loose.map { (0, $0) }, isLabelled: false, color: options.color)
      return Dataset(source, content: .images, task: .unlabelled)
    }
    return try classified(url, options.classes ?? classes, classes, options)
  }

  private static func splitFolders(_ url: URL, _ splits: [Split: URL], _ options: DatasetOptions) throws(GraphError)
    -> Dataset?
  {
    var withImages: [Split: URL] = [:]
    for (split, folder) in splits where !(try classFolders(folder, Folder.names(folder)).isEmpty) {
      withImages[split] = folder
    }
    guard !withImages.isEmpty else { return nil }
    let present = Set(withImages.keys)
    let split = try requirePreferred(present, options.split, url)
    var classes = Set<String>()
    for folder in withImages.values { classes.formUnion(try classFolders(folder, Folder.names(folder))) }
    let folder = withImages[split]!
    var dataset = try classified(
      folder, options.classes ?? classes.sorted(), try classFolders(folder, Folder.names(folder)), options)
    dataset.split = split
    dataset.notes += splitNote(present, split, options)
    return dataset
  }

  private static func classified(
    _ url: URL, _ classes: [String], _ present: [String], _ options: DatasetOptions
  ) throws(GraphError) -> Dataset {
    if let unknown = present.first(where: { !classes.contains($0) }) {
      throw GraphError(.input, "has a folder ‘\(unknown)’; the classes are \(list(classes))").at(url.path)
    }
    let folders = classes.map { url.appendingPathComponent($0) }
    var files: [(folder: Int, name: String)] = []
    for (index, folder) in folders.enumerated() where Folder.isFolder(folder) {
      files += try ImageFolder.images(in: folder).map { (index, $0) }
    }
    let source = ImageFolder(folders: folders, files: files, isLabelled: true, color: options.color)
    return Dataset(source, content: .images, task: .classification, classes: classes)
  }

  /// The folders among `names` that hold images, sorted as words.
  private static func classFolders(_ url: URL, _ names: [String]) throws(GraphError) -> [String] {
    var found: [String] = []
    for name in names.sorted() {
      let folder = url.appendingPathComponent(name)
      if Folder.isFolder(folder), !(try ImageFolder.images(in: folder).isEmpty) { found.append(name) }
    }
    return found
  }
}
