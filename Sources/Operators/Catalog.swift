public import HoneIR

/// Every operator Hone knows. A new one is one line in its family's list.
public enum Catalog {
  public static let operators: [any Op.Type] =
    math + shape + reduction + network + quantization + control + sequence + text + signal + random + training
    + machineLearning + microsoft + statistics

  private static let byName = Dictionary(
    operators.map { (Key(domain: $0.domain, name: $0.name), $0) }, uniquingKeysWith: { first, _ in first })
  private struct Key: Hashable {
    var domain: String
    var name: String
  }

  /// The operator that files call `name` in `domain`.
  public static func find(_ name: String, domain: String = "") -> (any Op.Type)? {
    byName[Key(domain: domain == "ai.onnx" ? "" : domain, name: name)]
  }
}
