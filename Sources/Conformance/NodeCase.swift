public import Foundation
import HoneIR
import HoneONNX
import HoneOperators
import HoneRuntime

/// One case of the official ONNX node tests: a model, inputs and expected outputs.
public struct NodeCase: Sendable {
  public enum Outcome: Sendable, Equatable {
    case passed
    /// An error that names operator and reason.
    case refused(String)
    case wrong(String)
  }
  public let folder: URL
  public let rtol: Double
  public let atol: Double
  public var name: String { folder.lastPathComponent }

  /// All cases that `node_cases.py` wrote to `folder`, sorted by name.
  public static func all(in folder: URL) throws -> [NodeCase] {
    struct Tolerance: Decodable { var rtol, atol: Double }
    let data = try Data(contentsOf: folder.appendingPathComponent("tolerances.json"))
    let tolerances = try JSONDecoder().decode([String: Tolerance].self, from: data)
    return tolerances.sorted { $0.key < $1.key }.map { name, tolerance in
      NodeCase(folder: folder.appendingPathComponent(name), rtol: tolerance.rtol, atol: tolerance.atol)
    }
  }

  /// Runs the case.
  public func run() -> Outcome {
    do {
      let model = try ONNXModel(contentsOf: folder.appendingPathComponent("model.onnx"))
      let session = Session(model.graph)
      // Another generator's numbers cannot be matched; a case that compares types only does not count as passed.
      var isRandom = model.graph.sorted().contains { $0.op is any RandomOp }
      for set in TestDataSet.folders(in: folder) {
        let data = try TestDataSet(folder: set, graph: model.graph)
        isRandom = isRandom || Self.drops(model.graph, data.inputs)
        let outputs = try session.run(data.inputs)
        for (output, expected) in zip(zip(model.graph.outputs, outputs), data.outputs) {
          guard let expected else { continue }
          if isRandom {
            guard output.1.type == expected.type else { return .wrong("\(output.1.type), expected \(expected.type)") }
            continue
          }
          let comparison = Comparison(output.1, expected: expected, .elementwise(rtol: rtol, atol: atol))
          if let mismatch = comparison.mismatch { return .wrong("‘\(model.graph.name(of: output.0))’: \(mismatch)") }
        }
      }
      return isRandom ? .refused("its values are random: only types and shapes were compared") : .passed
    } catch { return .refused("\(error)") }
  }

  /// Whether dropout is in training and drops elements.
  private static func drops(_ graph: Graph, _ inputs: [RuntimeValue?]) -> Bool {
    func tensor(_ value: Value?) -> Tensor? {
      guard let value else { return nil }
      return graph.constant(value) ?? graph.inputs.firstIndex(of: value).flatMap { inputs[$0]?.tensor }
    }
    return graph.sorted().contains { node in
      guard node.op is Dropout, node.operands.count > 2, tensor(node.operands[2])?.bools.contains(true) == true else {
        return false
      }
      return tensor(node.operands[1])?.double(at: 0) != 0
    }
  }
}
