import HoneIR
import HoneOperators

/// Builds a graph of a model's messages.
struct Importer {
  let proto: ModelProto
  let tensors: TensorReader
  let opsets: [String: Int]
  let functions: [FunctionKey: FunctionProto]

  struct FunctionKey: Hashable {
    var domain: String
    var name: String
    var overload: String
  }

  init(_ proto: ModelProto, _ tensors: TensorReader) {
    (self.proto, self.tensors) = (proto, tensors)
    opsets = Self.versions(proto.opsetImport)
    functions = Dictionary(
      proto.functions.map { (FunctionKey(domain: Self.domain($0.domain), name: $0.name, overload: $0.overload), $0) },
      uniquingKeysWith: { a, _ in a })
  }

  static func domain(_ name: String) -> String { name == "ai.onnx" ? "" : name }
  static func versions(_ imports: [OperatorSetIdProto]) -> [String: Int] {
    Dictionary(imports.map { (domain($0.domain), Int($0.version)) }, uniquingKeysWith: max)
  }

  func function(for node: NodeProto) -> FunctionProto? {
    functions.isEmpty
      ? nil : functions[FunctionKey(domain: Self.domain(node.domain), name: node.opType, overload: node.overload)]
  }

  func model() throws(GraphError) -> ONNXModel {
    let missing = UnsupportedOperators(self)
    guard missing.isEmpty else { throw GraphError(.unsupported, missing.description) }
    var builder = GraphBuilder(importer: self, opsets: opsets)
    var model = ONNXModel(graph: try builder.build(proto.graph, captures: []))
    model.graph.metadata = Dictionary(proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { a, _ in a })
    model.opsets = opsets
    model.producer = [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
    model.irVersion = Int(proto.irVersion)
    return model
  }
}

/// Every operator of a model that Hone lacks, with the nodes that use it.
struct UnsupportedOperators: CustomStringConvertible {
  private(set) var nodes: [String: [String]] = [:]
  var isEmpty: Bool { nodes.isEmpty }

  init(_ importer: Importer) {
    collect(importer.proto.graph.node, importer)
    for function in importer.proto.functions { collect(function.node, importer) }
  }

  private mutating func collect(_ protos: [NodeProto], _ importer: Importer) {
    for node in protos {
      if importer.function(for: node) == nil, Catalog.find(node.opType, domain: node.domain) == nil {
        let domain = Importer.domain(node.domain)
        nodes[domain.isEmpty ? node.opType : "\(domain):\(node.opType)", default: []].append(node.name)
      }
      for attribute in node.attribute {
        if attribute.hasG { collect(attribute.g.node, importer) }
        for graph in attribute.graphs { collect(graph.node, importer) }
      }
    }
  }

  var description: String {
    let lines = nodes.sorted { $0.key < $1.key }.map { name, places in
      let named = places.filter { !$0.isEmpty }
      let shown = named.prefix(4).map { "‘\($0)’" }.joined(separator: ", ")
      let more = places.count > 4 ? ", …" : ""
      return "  \(name) ×\(places.count)\(shown.isEmpty ? "" : ": \(shown)\(more)")"
    }
    return "\(nodes.count == 1 ? "an operator is" : "\(nodes.count) operators are") not supported:\n"
      + lines.joined(separator: "\n")
  }
}
