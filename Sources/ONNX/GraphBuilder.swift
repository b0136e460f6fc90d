import HoneIR
import HoneOperators

/// Builds one graph, of a model, a region or inlined functions, keeping track of which name is which value.
struct GraphBuilder {
  let importer: Importer
  var opsets: [String: Int]
  var graph = Graph()
  /// Values by name; absent optional operands of functions are nil.
  private var values: [String: Value?] = [:]
  /// Attributes of the function call being inlined.
  private var arguments: [String: AttributeProto] = [:]
  private var depth = 0

  init(importer: Importer, opsets: [String: Int]) { (self.importer, self.opsets) = (importer, opsets) }

  /// An outer value that a region uses.
  struct Capture {
    var name: String
    var type: ValueType
    var constant: Tensor?
  }

  /// `hints` are types for inputs that declare none.
  mutating func build(_ proto: GraphProto, captures: [Capture], hints: [ValueType?] = []) throws(GraphError) -> Graph {
    graph.name = proto.name
    for capture in captures {
      guard let tensor = capture.constant else { continue }
      values[capture.name] = graph.constant(tensor, capture.name)
    }
    for initializer in proto.initializer {
      values[initializer.name] = graph.constant(try importer.tensors.tensor(initializer), initializer.name)
    }
    for initializer in proto.sparseInitializer {
      values[initializer.values.name] = graph.constant(try importer.tensors.dense(initializer), initializer.values.name)
    }
    let initialized = Set(proto.initializer.map(\.name) + proto.sparseInitializer.map(\.values.name))
    for (i, input) in proto.input.enumerated() where !initialized.contains(input.name) {
      var type = try locating("input ‘\(input.name)’") { () throws(GraphError) in
        try ValueType(input.type, unknown: { .symbol("\(input.name)_\(i)") })
      }
      if input.type.value == nil, i < hints.count, let hint = hints[i] { type = hint }
      type = Self.distinct(type, input.name)
      values[input.name] = graph.input(input.name, type)
    }
    for capture in captures where capture.constant == nil {
      values[capture.name] = graph.input(capture.name, capture.type)
    }
    try append(proto.node)
    for output in proto.output {
      guard let value = values[output.name] ?? nil else {
        throw GraphError(.invariant, "output ‘\(output.name)’ is given by nothing")
      }
      graph.outputs.append(value)
      if graph.name(of: value).isEmpty { graph.rename(value, to: output.name) }
    }
    try separateOutputs(proto.output.map(\.name))
    for (value, info) in zip(graph.outputs, proto.output) { declare(value, info) }
    return graph
  }

  /// An output of unknown rank has the shape that the file declares.
  private mutating func declare(_ value: Value, _ info: ValueInfoProto) {
    guard graph.type(of: value).tensor?.shape == nil, info.type.value != nil,
      let declared = try? ValueType(info.type, unknown: { .symbol("\(info.name)_") }), let type = declared.tensor,
      type.shape != nil, type.element == graph.type(of: value).tensor?.element
    else { return }
    graph.setType(Self.distinct(declared, info.name), of: value)
  }

  /// Sizes without a name are different symbols.
  private static func distinct(_ type: ValueType, _ name: String) -> ValueType {
    guard case .tensor(let tensor) = type, let shape = tensor.shape else { return type }
    return .tensor(
      tensor.element,
      shape.enumerated().map { axis, size in
        size.symbolName?.hasPrefix("\(name)_") ?? false ? .symbol("\(name)_\(axis)") : size
      })
  }

  /// Outputs that are inputs, constants or each other get an identity, so that each has its own name.
  private mutating func separateOutputs(_ names: [String]) throws(GraphError) {
    var seen: Set<Value> = []
    for (i, output) in graph.outputs.enumerated()
    where !seen.insert(output).inserted || graph.name(of: output) != names[i] {
      guard let identity = Catalog.find("Identity") else { continue }
      let copy = try graph.apply(identity.init(), output)
      graph.rename(copy, to: names[i])
      graph.outputs[i] = copy
    }
  }

  // MARK: Nodes

  private mutating func append(_ nodes: [NodeProto]) throws(GraphError) {
    for index in try order(nodes) {
      let node = nodes[index]
      let place =
        "\(node.opType)\(node.name.isEmpty ? (node.output.first.map { " → ‘\($0)’" } ?? "") : " ‘\(node.name)’")"
      do { try append(node) } catch {
        throw error.trail.contains { $0.contains("‘\(node.name)’") && !node.name.isEmpty } ? error : error.at(place)
      }
    }
  }

  /// Indices of `nodes`, operands before users.
  private func order(_ nodes: [NodeProto]) throws(GraphError) -> [Int] {
    var maker: [String: Int] = [:]
    for (i, node) in nodes.enumerated() {
      for output in node.output where !output.isEmpty {
        guard maker.updateValue(i, forKey: output) == nil, values[output] == nil else {
          throw GraphError(.invariant, "‘\(output)’ is given twice").at("\(node.opType) ‘\(node.name)’")
        }
      }
    }
    let reads = nodes.map { node in
      Self.freeNames(node).compactMap { name in maker[name] }
    }
    var order: [Int] = []
    var state = [UInt8](repeating: 0, count: nodes.count)
    for root in nodes.indices where state[root] == 0 {
      var stack = [(node: root, next: 0)]
      state[root] = 1
      while let (index, next) = stack.last {
        if next < reads[index].count {
          stack[stack.count - 1].next += 1
          let operand = reads[index][next]
          if state[operand] == 1 {
            throw GraphError(.invariant, "is part of a cycle").at("\(nodes[operand].opType) ‘\(nodes[operand].name)’")
          }
          if state[operand] == 0 {
            state[operand] = 1
            stack.append((operand, 0))
          }
        } else {
          stack.removeLast()
          state[index] = 2
          order.append(index)
        }
      }
    }
    return order
  }

  /// Names a node reads, itself or in its regions.
  private static func freeNames(_ node: NodeProto) -> [String] {
    node.input.filter { !$0.isEmpty }
      + node.attribute.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }.flatMap(freeNames)
  }
  private static func freeNames(_ graph: GraphProto) -> [String] {
    var defined = Set(
      graph.input.map(\.name) + graph.initializer.map(\.name) + graph.sparseInitializer.map(\.values.name))
    for node in graph.node { defined.formUnion(node.output) }
    var free: [String] = [], seen = Set<String>()
    for name in graph.node.flatMap(freeNames) + graph.output.map(\.name)
    where !defined.contains(name) && seen.insert(name).inserted {
      free.append(name)
    }
    return free
  }

  private mutating func append(_ node: NodeProto) throws(GraphError) {
    var operands: [Value?] = []
    for name in node.input {
      guard let value = name.isEmpty ? .some(nil) : values[name] else {
        throw GraphError(.invariant, "reads ‘\(name)’, which nothing gives")
      }
      operands.append(value)
    }
    if let function = importer.function(for: node) { return try inline(function, node, operands) }
    let domain = Importer.domain(node.domain)
    var draft = NodeDraft(
      domain: domain, type: node.opType, name: node.name, attributes: [:], operands: operands,
      resultCount: max(node.output.count, 1))
    try readAttributes(node, &draft)
    let results = try apply(&draft, node, version: opsets[domain] ?? (domain.isEmpty ? 1 : .max))
    for (name, value) in zip(node.output, results) where !name.isEmpty { values[name] = value }
  }

  private mutating func apply(_ draft: inout NodeDraft, _ node: NodeProto, version: Int) throws(GraphError) -> [Value] {
    for _ in 0..<8 {
      guard let type = Catalog.find(draft.type, domain: draft.domain) else {
        throw GraphError(
          .unsupported, "\(draft.domain.isEmpty ? "" : draft.domain + ":")\(draft.type) is not supported")
      }
      let before = (draft.type, draft.domain)
      try (type as? any UpgradableOp.Type)?.upgrade(&draft, from: version, in: &graph)
      if let replacement = draft.replacement { return replacement }
      guard before == (draft.type, draft.domain) else { continue }
      while case .some(nil) = draft.operands.last { draft.operands.removeLast() }
      let names = node.output.enumerated().map { _, name in name }
      return try graph.apply(
        type.init(attributes: draft.attributes), draft.operands, resultCount: draft.resultCount, named: draft.name,
        resultNames: names)
    }
    throw GraphError(.invariant, "\(node.opType) cannot be upgraded")
  }

  // MARK: Attributes

  private mutating func readAttributes(_ node: NodeProto, _ draft: inout NodeDraft) throws(GraphError) {
    let protos = node.attribute.compactMap { attribute -> AttributeProto? in
      guard !attribute.refAttrName.isEmpty else { return attribute }
      guard var argument = arguments[attribute.refAttrName] else { return nil }
      argument.name = attribute.name
      return argument
    }
    let regions = protos.flatMap { ($0.hasG ? [$0.g] : []) + $0.graphs }
    var captures: [Capture] = []
    var captured: [Value?] = []
    var seen = Set<String>()
    for name in regions.flatMap(Self.freeNames) where seen.insert(name).inserted {
      guard let entry = values[name], let value = entry else {
        throw GraphError(.invariant, "a region reads ‘\(name)’, which nothing gives")
      }
      let constant = graph.constant(value)
      captures.append(Capture(name: name, type: graph.type(of: value), constant: constant))
      if constant == nil { captured.append(value) }
    }
    let hints = draft.operands.map { $0.map { self.hint(graph.type(of: $0)) } }
    for attribute in protos {
      draft.attributes[attribute.name] = try locating("attribute ‘\(attribute.name)’") { () throws(GraphError) in
        try convert(attribute) { graph throws(GraphError) in
          guard depth < 64 else { throw GraphError(.invariant, "regions are nested more than 64 deep") }
          var builder = GraphBuilder(importer: importer, opsets: opsets)
          (builder.arguments, builder.depth) = (arguments, depth + 1)
          let region = try builder.build(
            graph, captures: captures, hints: graph.input.count == hints.count ? hints : [])
          return Region(region, captureCount: captured.count)
        }
      }
    }
    if !captured.isEmpty { draft.operands += captured }
  }

  private func hint(_ type: ValueType) -> ValueType {
    if case .tensor(let tensor) = type { .tensor(tensor.element, nil as [Dimension]?) } else { type }
  }

  private func convert(_ proto: AttributeProto, _ region: (GraphProto) throws(GraphError) -> Region) throws(GraphError)
    -> Attribute
  {
    switch proto.type == .undefined ? Self.guess(proto) : proto.type {
    case .float: return .float(proto.f)
    case .int: return .int(Int(proto.i))
    case .string: return .string(String(decoding: proto.s, as: UTF8.self))
    case .tensor: return .tensor(try importer.tensors.tensor(proto.t))
    case .graph: return .region(try region(proto.g))
    case .floats: return .floats(proto.floats)
    case .ints: return .ints(proto.ints.map(Int.init))
    case .strings: return .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
    case .tensors: return .tensors(try proto.tensors.map { t throws(GraphError) in try importer.tensors.tensor(t) })
    case .graphs: return .regions(try proto.graphs.map(region))
    case .sparseTensor: return .tensor(try importer.tensors.dense(proto.sparseTensor))
    case .typeProto: return .type(try ValueType(proto.tp, unknown: { .symbol("?") }))
    default: throw GraphError(.unsupported, "attributes of kind \(proto.type) are not supported")
    }
  }

  /// The kind of an attribute of files that do not say it.
  private static func guess(_ proto: AttributeProto) -> AttributeProto.AttributeType {
    if proto.hasT { return .tensor }
    if proto.hasG { return .graph }
    if !proto.floats.isEmpty { return .floats }
    if !proto.ints.isEmpty { return .ints }
    if !proto.strings.isEmpty { return .strings }
    if !proto.s.isEmpty { return .string }
    if proto.f != 0 { return .float }
    return .int
  }

  // MARK: Functions

  private mutating func inline(_ function: FunctionProto, _ node: NodeProto, _ operands: [Value?]) throws(GraphError) {
    guard depth < 64 else { throw GraphError(.invariant, "functions call each other more than 64 deep") }
    var inner = self
    inner.depth += 1
    inner.opsets = Importer.versions(function.opsetImport).merging(opsets) { own, _ in own }
    inner.values = [:]
    for (i, name) in function.input.enumerated() { inner.values[name] = .some(i < operands.count ? operands[i] : nil) }
    inner.arguments = [:]
    for attribute in function.attributeProto { inner.arguments[attribute.name] = attribute }
    for attribute in node.attribute {
      if attribute.refAttrName.isEmpty {
        inner.arguments[attribute.name] = attribute
      } else if let argument = arguments[attribute.refAttrName] {
        inner.arguments[attribute.name] = argument
      }
    }
    try inner.append(function.node)
    graph = inner.graph
    for (name, output) in zip(node.output, function.output) where !name.isEmpty {
      guard let value = inner.values[output] ?? nil else {
        throw GraphError(.invariant, "function output ‘\(output)’ is given by nothing")
      }
      values[name] = value
    }
  }
}
