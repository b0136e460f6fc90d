import ArgumentParser
import Foundation
import HoneIR
import HoneONNX

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Shows inputs, outputs, operators, parameters and work of a model, and everything in it that is not supported.")
  @OptionGroup var model: ModelArgument
  @OptionGroup var binding: BindingOptions
  @Flag(help: "Print the whole graph, a line a node.") var graph = false
  @OptionGroup var output: OutputOptions

  struct Result: Encodable {
    struct Port: Encodable {
      var name: String
      var type: String
    }
    struct Unsupported: Encodable {
      var `operator`: String
      var count: Int
      var nodes: [String]
    }
    var file: String
    var file_bytes: Int
    var producer: String
    var ir_version: Int
    var opsets: [String: Int]
    var inputs: [Port]
    var outputs: [Port]
    var parameters: Int
    var macs: Int?
    var bytes_by_type: [String: Int]
    var operators: [String: Int]
    var node_count: Int
    var unsupported: [Unsupported]
    var metadata: [String: String]
  }

  func run() throws {
    let summary = try ModelSummary(contentsOf: model.url)
    var macs: Int?
    var problem: GraphError?
    do {
      let loaded = try model.load()
      if graph { Console.print(loaded.graph.description) }
      macs = try? loaded.graph.multiplyAccumulates(binding: binding.dictionary)
    } catch { problem = error as? GraphError }
    let result = Result(
      file: model.path, file_bytes: summary.fileByteCount, producer: summary.producer, ir_version: summary.irVersion,
      opsets: Dictionary(uniqueKeysWithValues: summary.opsets.map { ($0.key.isEmpty ? "ai.onnx" : $0.key, $0.value) }),
      inputs: summary.inputs.map { .init(name: $0.name, type: "\($0.type)") },
      outputs: summary.outputs.map { .init(name: $0.name, type: "\($0.type)") }, parameters: summary.parameterCount,
      macs: macs,
      bytes_by_type: summary.byteCounts, operators: summary.operators,
      node_count: summary.operators.values.reduce(0, +),
      unsupported: summary.unsupported.sorted { $0.key < $1.key }.map {
        .init(operator: $0.key, count: $0.value.count, nodes: $0.value)
      },
      metadata: summary.metadata)
    if output.format == .json { try Console.json(result) } else { Console.print(text(result)) }
    if let problem {
      if summary.unsupported.isEmpty || output.format == .json { Console.error(problem.description) }
      throw ExitCode(.unusable)
    }
  }

  private func text(_ result: Result) -> String {
    var lines = [
      "\(result.file): \(Format.bytes(result.file_bytes)), made by \(result.producer.isEmpty ? "an unnamed exporter" : result.producer)",
      "opset \(result.opsets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")), IR version \(result.ir_version)",
      "",
    ]
    for port in result.inputs { lines.append("input   \(port.name): \(port.type)") }
    for port in result.outputs { lines.append("output  \(port.name): \(port.type)") }
    lines.append("")
    let types = result.bytes_by_type.sorted { $0.value > $1.value }.map { "\($0.key) \(Format.bytes($0.value))" }
      .joined(separator: ", ")
    lines.append("parameters  \(Format.count(result.parameters))\(types.isEmpty ? "" : " (\(types))")")
    if let macs = result.macs {
      lines.append("MACs        \(Format.count(macs))\(binding.bindings.isEmpty ? " with symbolic sizes at 1" : "")")
    }
    for (key, value) in result.metadata.sorted(by: { $0.key < $1.key }) {
      lines.append("metadata    \(key): \(value.prefix(200))")
    }
    lines.append("")
    var table = TextTable(["operator", "nodes"])
    for (name, count) in result.operators.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      table.add(name, Format.count(count))
    }
    lines.append(table.text)
    if !result.unsupported.isEmpty {
      lines += ["", "Not supported:"]
      for item in result.unsupported {
        let names = item.nodes.filter { !$0.isEmpty }
        lines.append("  \(item.operator) ×\(item.count)\(names.isEmpty ? "" : ": \(names.joined(separator: ", "))")")
      }
    }
    return lines.joined(separator: "\n")
  }
}

extension Graph {
  /// Multiply–accumulate operations of one run, of weighted sums and products of matrices.
  func multiplyAccumulates(binding: [String: Int]) throws(GraphError) -> Int {
    var types: [Value: ValueType] = [:]
    for input in inputs {
      guard case .tensor(let type) = type(of: input), let shape = type.shape else { continue }
      types[input] = .tensor(
        type.element,
        shape.map { size in
          let bound = size.bound(binding)
          return .fixed(bound.size ?? 1)
        })
    }
    let bound = try rebuilt(inputTypes: types)
    return bound.sorted().reduce(0) { sum, node in
      guard let op = node.op as? any WeightedOp else { return sum }
      var call = bound.call(for: node)
      call.results = node.results.map { bound.type(of: $0) }
      return sum + op.multiplyAccumulates(call)
    }
  }
}
