public import Foundation
public import HoneIR
import SwiftProtobuf

/// A model read from an ONNX file: its graph and what the file says of itself.
public struct ONNXModel: Sendable {
  public var graph: Graph
  /// Operator-set versions by domain; the standard set's domain is empty.
  public var opsets: [String: Int] = [:]
  public var producer = ""
  public var irVersion = 0

  public init(graph: Graph) { self.graph = graph }

  /// Reads a model. Weights stay in the mapped file.
  ///
  /// Fails with one error that names the place; operators that Hone lacks are all named at once (`.unsupported`).
  public init(contentsOf url: URL) throws(GraphError) {
    self = try locating(url.lastPathComponent) { () throws(GraphError) in
      let file = try MappedFile(url)
      let proto = try Self.parse(file.bytes)
      return try Importer(proto, TensorReader(file: file, folder: url.deletingLastPathComponent())).model()
    }
  }

  /// Reads a serialized model without external data.
  public init(_ data: Data) throws(GraphError) {
    do {
      let proto = try ModelProto(serializedBytes: data)
      self = try Importer(proto, TensorReader(file: nil, folder: nil)).model()
    } catch let error as GraphError { throw error } catch { throw GraphError(.file, "not an ONNX model: \(error)") }
  }

  static func parse(_ bytes: UnsafeRawBufferPointer) throws(GraphError) -> ModelProto {
    let message = try WeightScanner(bytes: bytes).strip()
    do {
      let proto = try ModelProto(serializedBytes: message)
      guard proto.hasGraph else { throw GraphError(.file, "not an ONNX model: it has no graph") }
      return proto
    } catch let error as GraphError { throw error } catch { throw GraphError(.file, "not an ONNX model: \(error)") }
  }
}
