public import Foundation
public import HoneIR
import HoneOperators

/// What a file says of its model, also where Hone lacks operators.
public struct ModelSummary: Sendable {
  public struct Port: Sendable {
    public var name: String
    public var type: ValueType
  }
  public var inputs: [Port] = []
  public var outputs: [Port] = []
  public var opsets: [String: Int] = [:]
  public var producer = ""
  public var irVersion = 0
  public var metadata: [String: String] = [:]
  /// Nodes by operator, in functions and regions too; other domains are written before a colon.
  public var operators: [String: Int] = [:]
  /// Operators that Hone lacks, with the names of the nodes that use them.
  public var unsupported: [String: [String]] = [:]
  /// Numbers in initializers and constants.
  public var parameterCount = 0
  public var byteCounts: [String: Int] = [:]
  public var fileByteCount = 0
  public var functionCount = 0

  public init(contentsOf url: URL) throws(GraphError) {
    let file = try locating(url.lastPathComponent) { () throws(GraphError) in try MappedFile(url) }
    let proto = try locating(url.lastPathComponent) { () throws(GraphError) in try ONNXModel.parse(file.bytes) }
    fileByteCount = file.bytes.count
    opsets = Importer.versions(proto.opsetImport)
    producer = [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    irVersion = Int(proto.irVersion)
    metadata = Dictionary(proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { a, _ in a })
    functionCount = proto.functions.count
    let initialized = Set(proto.graph.initializer.map(\.name))
    inputs = try proto.graph.input.filter { !initialized.contains($0.name) }.map(Self.port)
    outputs = try proto.graph.output.map(Self.port)
    try collect(proto.graph)
    for function in proto.functions { try collect(function.node) }
    unsupported = UnsupportedOperators(Importer(proto, TensorReader(file: file, folder: nil))).nodes
  }

  private static func port(_ info: ValueInfoProto) throws(GraphError) -> Port {
    Port(name: info.name, type: try ValueType(info.type, unknown: { .symbol("?") }))
  }

  private mutating func collect(_ graph: GraphProto) throws(GraphError) {
    for tensor in graph.initializer { try count(tensor) }
    for sparse in graph.sparseInitializer { try count(sparse.values) }
    try collect(graph.node)
  }

  private mutating func collect(_ nodes: [NodeProto]) throws(GraphError) {
    for node in nodes {
      let domain = Importer.domain(node.domain)
      operators[domain.isEmpty ? node.opType : "\(domain):\(node.opType)", default: 0] += 1
      for attribute in node.attribute {
        if attribute.hasT { try count(attribute.t) }
        if attribute.hasG { try collect(attribute.g) }
        for graph in attribute.graphs { try collect(graph) }
      }
    }
  }

  private mutating func count(_ tensor: TensorProto) throws(GraphError) {
    guard let element = ElementType(code: Int(tensor.dataType)) else { return }
    let elements = try locating("tensor ‘\(tensor.name)’") { () throws(GraphError) in
      try TensorReader.sizes(tensor.dims).reduce(1, *)
    }
    parameterCount += elements
    byteCounts[element.rawValue, default: 0] += element.byteCount(elements)
  }
}
