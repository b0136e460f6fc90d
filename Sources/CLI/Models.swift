import ArgumentParser
import Foundation
import HoneIR
import HoneModels
import HoneONNX

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Lists the models to start from, or writes one with fresh weights.",
    discussion: """
      hone models                                                      the list
      hone models mobilenet-v2-96                                      one model: sizes, options, parameters
      hone models mobilenet-v2-96 --classes 5 --output model.onnx      written, weights drawn anew
      """)
  @Argument(help: ArgumentHelp("The model, one of those listed.", valueName: "name")) var name: String?
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the model.", valueName: "file")) var output: String?
  @Option(help: "Classes, steps to forecast, or other sizes of the output.") var classes: Int?
  @Option(help: ArgumentHelp("Sizes of one sample, as 3,96,96.", valueName: "sizes")) var input: String?
  @Option(help: "Units of hidden layers.") var hidden: Int?
  @Option(help: "Layers or blocks.") var layers: Int?
  @Option(help: "A factor for the channels of all convolutions.") var width: Double?
  @Option(help: "Different tokens.") var vocabulary: Int?
  @Option(help: "How many times larger the output image is.") var scale: Int?
  @Option(help: "The share of elements that training drops.") var dropout: Float?
  @Option(help: "The same seed gives the same weights.") var seed: UInt64 = 0
  @OptionGroup var options: OutputOptions

  struct Entry: Encodable {
    var name: String
    var summary: String
    var task: String
    var loss: String
    var inputs: [String]
    var outputs: [String]
    var options: [String]
    var parameters: Int
  }

  func validate() throws {
    guard name != nil || output == nil else { throw ValidationError("--output needs the name of a model") }
  }

  func run() throws {
    let given = try given()
    guard let name else {
      guard given.names.isEmpty else {
        throw GraphError(.attribute, "--\(given.names[0]) needs the name of a model").at("option")
      }
      let entries = try BuiltInModel.all.map { try self.entry($0, given) }
      return options.format == .json ? try Console.json(entries) : Console.print(table(entries))
    }
    let model = try BuiltInModel.named(name)
    let entry = try self.entry(model, given)
    if let output {
      try ONNXModel(graph: try model.build(given)).write(to: URL(fileURLWithPath: output))
      options.note("\(name) with \(Format.count(entry.parameters)) parameters is written to \(output)")
    }
    if options.format == .json { try Console.json(entry) } else if output == nil { Console.print(text(entry)) }
  }

  private func given() throws -> ModelOptions {
    var given = ModelOptions()
    (given.classes, given.hidden, given.layers, given.width) = (classes, hidden, layers, width)
    (given.vocabulary, given.scale, given.dropout, given.seed) = (vocabulary, scale, dropout, seed)
    if let input {
      let sizes = input.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard sizes.allSatisfy({ $0 != nil }) else { throw ValidationError("--input takes sizes such as 3,96,96") }
      given.input = sizes.compactMap { $0 }
    }
    return given
  }

  private func entry(_ model: BuiltInModel, _ given: ModelOptions) throws(GraphError) -> Entry {
    let form = try model.form(given)
    return Entry(
      name: model.name, summary: model.summary, task: model.task.rawValue, loss: model.loss.rawValue,
      inputs: form.inputs.map { "\($0.name): \($0.type)" }, outputs: form.outputs.map { "\($0.name): \($0.type)" },
      options: model.defaults.names, parameters: form.parameterCount)
  }

  private func table(_ entries: [Entry]) -> String {
    var table = TextTable(["name", "task", "input", "parameters"], left: [0, 1, 2])
    for entry in entries {
      table.add(entry.name, entry.task, entry.inputs[0], Format.count(entry.parameters))
    }
    return table.text
  }

  private func text(_ entry: Entry) -> String {
    var lines = ["\(entry.name): \(entry.summary)", ""]
    lines += entry.inputs.map { "input       \($0)" } + entry.outputs.map { "output      \($0)" }
    lines.append("parameters  \(Format.count(entry.parameters))")
    lines.append("task        \(entry.task), trained with \(entry.loss)")
    lines.append("options     \(entry.options.map { "--\($0)" }.joined(separator: ", "))")
    return lines.joined(separator: "\n")
  }
}
