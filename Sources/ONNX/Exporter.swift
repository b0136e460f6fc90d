import Foundation
import HoneIR
import HoneOperators
import SwiftProtobuf

/// Turns a graph into messages.
struct Exporter {
  /// The oldest operator set that is written.
  private static let minimumOpset = 17

  let model: ONNXModel
  /// Where big tensors go instead of the message.
  var external: ExternalWriter?
  private var names = ValueNames()
  private var nodeNames = ValueNames()
  private var versions: [String: Int] = ["": Exporter.minimumOpset]
  /// Initializers of the main graph by storage, which regions may read by name.
  private var shared: [ObjectIdentifier: String] = [:]

  init(_ model: ONNXModel, external: ExternalWriter?) { (self.model, self.external) = (model, external) }

  mutating func proto() throws(GraphError) -> ModelProto {
    var proto = ModelProto()
    proto.graph = try graph(model.graph, outer: [:], isMain: true)
    proto.graph.name = model.graph.name.isEmpty ? "graph" : model.graph.name
    proto.opsetImport = versions.sorted { $0.key < $1.key }.map { domain, version in
      var entry = OperatorSetIdProto()
      (entry.domain, entry.version) = (domain, Int64(version))
      return entry
    }
    proto.irVersion = versions[""]! >= 23 ? 11 : versions[""]! >= 21 ? 10 : 8
    proto.producerName = "hone"
    proto.metadataProps = model.graph.metadata.sorted { $0.key < $1.key }.map { key, value in
      var entry = StringStringEntryProto()
      (entry.key, entry.value) = (key, value)
      return entry
    }
    return proto
  }

  /// `outer` names values of enclosing graphs, by the region's captures.
  private mutating func graph(_ graph: Graph, outer: [Value: String], isMain: Bool) throws(GraphError) -> GraphProto {
    guard graph.updates.isEmpty, graph.states.isEmpty else {
      throw GraphError(.unsupported, "graphs with state are not written; freeze them first")
    }
    var proto = GraphProto()
    proto.name = graph.name.isEmpty ? "region" : graph.name
    var local = outer
    for input in graph.inputs where outer[input] == nil {
      local[input] = names.claim(graph.name(of: input), else: "input")
      proto.input.append(Self.info(local[input]!, graph.type(of: input)))
    }
    let nodes = graph.sorted()
    for output in graph.outputs where local[output] == nil {
      local[output] = names.claim(graph.name(of: output), else: "output")
    }
    for node in nodes {
      for (i, result) in node.results.enumerated() where local[result] == nil {
        guard i == 0 || graph.userCount(of: result) > 0 else { continue }
        local[result] = names.claim(graph.name(of: result), else: node.name.isEmpty ? node.op.name : node.name)
      }
    }
    for node in nodes {
      try locating(node.place) { () throws(GraphError) in
        for case let operand? in node.operands { try initializer(operand, graph, &local, &proto, isMain: isMain) }
        proto.node.append(try self.node(node, local, graph))
      }
    }
    for output in graph.outputs {
      try initializer(output, graph, &local, &proto, isMain: isMain)
      proto.output.append(Self.info(local[output]!, graph.type(of: output)))
    }
    return proto
  }

  private mutating func initializer(
    _ value: Value, _ graph: Graph, _ local: inout [Value: String], _ proto: inout GraphProto, isMain: Bool
  ) throws(GraphError) {
    guard let tensor = graph.constant(value) else { return }
    if let known = local[value], !graph.isOutput(value) || proto.initializer.contains(where: { $0.name == known }) {
      return
    }
    if local[value] == nil, let known = shared[tensor.identity] {
      local[value] = known
      return
    }
    let name = local[value] ?? names.claim(graph.name(of: value), else: "constant")
    local[value] = name
    if isMain, tensor.elementCount > 16 { shared[tensor.identity] = name }
    var message = TensorProto(tensor, name: name, external: &external)
    message.name = name
    proto.initializer.append(message)
  }

  private mutating func node(_ node: Node, _ local: [Value: String], _ graph: Graph) throws(GraphError) -> NodeProto {
    let op = node.op
    guard op.domain != "hone" else { throw GraphError(.unsupported, "\(op.name) is internal and cannot be written") }
    versions[op.domain] = max(versions[op.domain] ?? 1, type(of: op).since)
    var proto = NodeProto()
    (proto.opType, proto.domain) = (op.name, op.domain)
    if !node.name.isEmpty { proto.name = nodeNames.claim(node.name, else: op.name) }
    var captures: ArraySlice<Value?> = []
    if let count = (op as? any RegionOp)?.regions.first?.captureCount { captures = node.operands.suffix(count) }
    proto.input = node.operands.dropLast(captures.count).map { $0.map { local[$0]! } ?? "" }
    while proto.input.last == "" { proto.input.removeLast() }
    proto.output = node.results.map { local[$0] ?? "" }
    while proto.output.count > 1, proto.output.last == "" { proto.output.removeLast() }
    let required = Set(type(of: op).requiredAttributes)
    let changed = try Attributes(changed: op)
    for (name, value) in try Attributes(of: op).sorted(by: { $0.key < $1.key })
    where changed[name] != nil || required.contains(name) {
      proto.attribute.append(try attribute(name, value, captures.map { $0.map { local[$0]! } ?? "" }))
    }
    return proto
  }

  private mutating func attribute(_ name: String, _ value: Attribute, _ captures: [String]) throws(GraphError)
    -> AttributeProto
  {
    var proto = AttributeProto()
    proto.name = name
    switch value {
    case .int(let x): (proto.type, proto.i) = (.int, Int64(x))
    case .float(let x): (proto.type, proto.f) = (.float, x)
    case .string(let x): (proto.type, proto.s) = (.string, Data(x.utf8))
    case .ints(let x): (proto.type, proto.ints) = (.ints, x.map(Int64.init))
    case .floats(let x): (proto.type, proto.floats) = (.floats, x)
    case .strings(let x): (proto.type, proto.strings) = (.strings, x.map { Data($0.utf8) })
    case .tensor(let x):
      var none: ExternalWriter?
      (proto.type, proto.t) = (.tensor, TensorProto(x, name: "", external: &none))
    case .tensors(let x):
      var none: ExternalWriter?
      (proto.type, proto.tensors) = (.tensors, x.map { TensorProto($0, name: "", external: &none) })
    case .region(let x): (proto.type, proto.g) = (.graph, try region(x, captures))
    case .regions(let x):
      (proto.type, proto.graphs) = (.graphs, try x.map { r throws(GraphError) in try region(r, captures) })
    case .type(let x): (proto.type, proto.tp) = (.typeProto, TypeProto(x))
    }
    return proto
  }

  private mutating func region(_ region: Region, _ captures: [String]) throws(GraphError) -> GraphProto {
    try graph(
      region.graph, outer: Dictionary(zip(region.captures, captures), uniquingKeysWith: { a, _ in a }), isMain: false)
  }

  private static func info(_ name: String, _ type: ValueType) -> ValueInfoProto {
    var info = ValueInfoProto()
    (info.name, info.type) = (name, TypeProto(type))
    return info
  }
}

/// Hands out names, no two equal.
struct ValueNames {
  private var taken: Set<String> = []
  mutating func claim(_ wanted: String, else fallback: String) -> String {
    let base = wanted.isEmpty ? "\(fallback)_result" : wanted
    var name = base
    var count = 1
    while !taken.insert(name).inserted {
      count += 1
      name = "\(base)_\(count)"
    }
    return name
  }
}
