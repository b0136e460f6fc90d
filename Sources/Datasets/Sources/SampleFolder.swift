internal import Foundation
internal import HoneCodecs
internal import HoneIR

/// A folder in which every `.npz` file, or every folder of tensor files, holds the inputs of one run of the model.
struct SampleFolder: SampleSource {
  let places: [URL]
  let readers: [String: @Sendable (URL) throws(GraphError) -> Tensor]
  var count: Int { places.count }

  func sample(_ index: Int) throws(GraphError) -> Sample {
    let place = places[index]
    let arrays =
      place.pathExtension == "npz" ? try NumPyArchive.read(place).map(NamedTensor.init) : try files(in: place)
    let inputs = arrays.filter { !$0.name.hasPrefix("output_") }
    guard !inputs.isEmpty else { throw GraphError(.input, "holds no inputs").at(place.path) }
    return Sample(inputs)
  }

  private func files(in folder: URL) throws(GraphError) -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    for name in try Folder.names(folder) {
      let file = folder.appendingPathComponent(name)
      guard let read = Self.reader(of: file, readers) else { continue }
      tensors.append(NamedTensor(file.deletingPathExtension().lastPathComponent, try read(file)))
    }
    return tensors
  }

  static func reader(
    of file: URL, _ readers: [String: @Sendable (URL) throws(GraphError) -> Tensor]
  ) -> (@Sendable (URL) throws(GraphError) -> Tensor)? {
    file.pathExtension == "npy"
      ? { @Sendable (url) throws(GraphError) in try NumPyFile.read(url) } : readers[file.pathExtension]
  }
}

extension Dataset {
  /// The places of samples in `url`: `.npz` files, or folders with tensor files, or `url` itself if it is such a folder.
  static func samplePlaces(_ url: URL, _ options: DatasetOptions) throws(GraphError) -> [URL] {
    let names = try Folder.names(url)
    let archives = names.filter { $0.hasSuffix(".npz") }
    if !archives.isEmpty { return archives.map { url.appendingPathComponent($0) } }
    func holdsTensors(_ folder: URL) throws(GraphError) -> Bool {
      try Folder.names(folder).contains {
        SampleFolder.reader(of: folder.appendingPathComponent($0), options.tensorReaders) != nil
      }
    }
    if try holdsTensors(url) { return [url] }
    var folders: [URL] = []
    for name in names {
      let folder = url.appendingPathComponent(name)
      if Folder.isFolder(folder), try holdsTensors(folder) { folders.append(folder) }
    }
    return folders
  }

  static func sampleFolder(_ places: [URL], _ options: DatasetOptions) -> Dataset {
    Dataset(
      SampleFolder(places: places, readers: options.tensorReaders), content: .tensors, task: .unlabelled,
      notes: ["each file or folder holds the inputs of one run, with their batch axis"], hasInputNames: true,
      hasBatchAxis: true)
  }
}
