public import Foundation
import HoneIR
import SwiftProtobuf

extension ONNXModel {
  /// Models with more bytes of weights than this are written with external data.
  private static let externalDataLimit = 1_500_000_000

  /// Writes the model to `url`; weights beyond 1.5 GB, or all big ones if asked, go to a file `<name>.data` beside it.
  ///
  /// An existing file is replaced only when the new one is complete.
  public func write(to url: URL, externalData: Bool = false) throws(GraphError) {
    try locating(url.lastPathComponent) { () throws(GraphError) in
      let temporary = url.deletingLastPathComponent().appendingPathComponent(
        ".\(url.lastPathComponent).\(UInt32.random(in: 0 ... .max))")
      let weights = url.appendingPathExtension("data")
      let temporaryWeights = temporary.appendingPathExtension("data")
      let isExternal = externalData || weightByteCount > Self.externalDataLimit
      var exporter = Exporter(
        self, external: isExternal ? try ExternalWriter(temporaryWeights, named: weights.lastPathComponent) : nil)
      do {
        let data: Data = try exporter.proto().serializedBytes()
        if let failure = exporter.external?.failure {
          throw GraphError(.file, "cannot write \(weights.path): \(failure)")
        }
        exporter.external?.close()
        try data.write(to: temporary)
        if isExternal { try Self.move(temporaryWeights, to: weights) }
        try Self.move(temporary, to: url)
      } catch {
        try? FileManager.default.removeItem(at: temporary)
        try? FileManager.default.removeItem(at: temporaryWeights)
        throw error as? GraphError ?? GraphError(.file, "cannot write \(url.path): \(error)")
      }
    }
  }

  /// The model as one message.
  public func serialized() throws(GraphError) -> Data {
    var exporter = Exporter(self, external: nil)
    let proto = try exporter.proto()
    do { return try proto.serializedBytes() } catch { throw GraphError(.file, "\(error)") }
  }

  /// Bytes of all constants that nodes read, shared ones once.
  public var weightByteCount: Int {
    var seen: Set<ObjectIdentifier> = []
    var sum = 0
    for node in graph.sorted() {
      for operand in node.operands {
        guard let tensor = graph.constant(operand), tensor.element != .string, seen.insert(tensor.identity).inserted
        else { continue }
        sum += tensor.byteCount
      }
    }
    return sum
  }

  private static func move(_ source: URL, to target: URL) throws {
    guard rename(source.path, target.path) == 0 else { throw GraphError(.file, "cannot replace \(target.path)") }
  }
}
