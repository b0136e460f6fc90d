public import Foundation
internal import HoneCodecs
public import HoneIR

/// `.npz` files: named arrays in a zip, stored or deflated.
public struct NumPyArchive: Sendable {
  private let zip: ZipReader
  private let path: String
  /// The names of the arrays, in the order of the file. Entries that are no `.npy` files are not listed.
  public let names: [String]
  private let entries: [String: ZipReader.Entry]

  /// Opens the archive and reads its directory.
  public init(_ url: URL) throws(GraphError) {
    path = url.path
    let file = try FileBytes(url)
    zip = try locating(url.path) { () throws(GraphError) in try ZipReader(file) }
    var names: [String] = []
    var entries: [String: ZipReader.Entry] = [:]
    for entry in zip.entries where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      if entries.updateValue(entry, forKey: name) == nil { names.append(name) }
    }
    (self.names, self.entries) = (names, entries)
  }

  /// The array `name`, checked against its checksum.
  public func tensor(_ name: String) throws(GraphError) -> Tensor {
    let entry = try entry(name)
    return try located(name) { () throws(GraphError) in
      let bytes = try zip.open(entry)
      if !entry.isDeflated { try zip.check(bytes, entry) }
      return try NumPyArray(bytes).tensor()
    }
  }

  /// The array `name`, of which rows are read when they are wanted.
  func array(_ name: String) throws(GraphError) -> NumPyArray {
    let entry = try entry(name)
    return try located(name) { () throws(GraphError) in
      let array = try NumPyArray(zip.open(entry))
      guard array.header.isFortranOrdered else { return array }
      return try NumPyArray(MemoryBytes(NumPyArchive.file(of: array.tensor())))
    }
  }

  /// All arrays of the file at `url`, in its order.
  public static func read(_ url: URL) throws(GraphError) -> [(name: String, tensor: Tensor)] {
    let archive = try NumPyArchive(url)
    var arrays: [(name: String, tensor: Tensor)] = []
    for name in archive.names { arrays.append((name, try archive.tensor(name))) }
    return arrays
  }

  /// Writes `arrays` to `url`, in their order; types that NumPy lacks are widened as by `NumPyFile`.
  public static func write(_ arrays: [(name: String, tensor: Tensor)], to url: URL, compressed: Bool = false)
    throws(GraphError)
  {
    try FileWriter.replace(url) { (file) throws(GraphError) in
      var zip = ZipWriter(file)
      for (name, tensor) in arrays {
        try zip.add(name + ".npy", compressed: compressed) { (write) throws(GraphError) in
          try NumPyFile.pieces(of: tensor, write)
        }
      }
      try zip.finish()
    }
  }

  private static func file(of tensor: Tensor) throws(GraphError) -> [UInt8] {
    var bytes: [UInt8] = []
    try NumPyFile.pieces(of: tensor) { bytes += $0 }
    return bytes
  }

  private func entry(_ name: String) throws(GraphError) -> ZipReader.Entry {
    guard let entry = entries[name] else {
      throw GraphError(
        .input, "has no array ‘\(name)’; it has \(names.isEmpty ? "none" : names.joined(separator: ", "))"
      ).at(path)
    }
    return entry
  }

  private func located<R>(_ name: String, _ body: () throws(GraphError) -> R) throws(GraphError) -> R {
    try locating("array ‘\(name)’ of \(path)", body)
  }
}
