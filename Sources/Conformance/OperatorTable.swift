import HoneIR
import HoneOperators

/// `Documentation/Operators.md`, made of the catalog.
public enum OperatorTable {
  public static var markdown: String {
    let operators = Catalog.operators.filter { $0.domain != "hone" }
    var lines = [
      "# Operators", "",
      "Made of the catalog by `swift run hone-conformance --operators`; a test keeps it current.",
      "*Since* is the operator-set version in which the form that Hone keeps became valid; files of older ones are brought to it.",
      "*Runs* as a planned kernel, evaluated (strings, sequences, control flow, results whose shape depends on data), or expanded",
      "into other operators.", "",
    ]
    for (domain, members) in Dictionary(grouping: operators, by: { $0.domain }).sorted(by: { $0.key < $1.key }) {
      lines += ["## \(domain.isEmpty ? "ai.onnx" : domain)", "", "| operator | since | runs |", "|---|---|---|"]
      lines += members.map { "| \($0.name) | \($0.since) | \(ways($0).joined(separator: ", ")) |" }.sorted()
      lines.append("")
    }
    return lines.joined(separator: "\n")
  }

  private static func ways(_ type: any Op.Type) -> [String] {
    var ways: [String] = []
    if type is any ExecutableOp.Type { ways.append("planned") }
    if type is any EvaluatedOp.Type { ways.append("evaluated") }
    if type is any CompositeOp.Type { ways.append("expanded") }
    return ways.isEmpty ? ["brought to another operator when read"] : ways
  }
}
