public import HoneIR

/// A tensor given by an attribute; graphs hold it as a constant instead.
public struct Constant: UpgradableOp {
  public init() {}

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    throw GraphError(.attribute, "has no value")
  }

  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard node.attributes.count == 1, let (name, attribute) = node.attributes.first, let value = value(name, attribute)
    else {
      throw GraphError(
        .attribute, "takes one value, has attributes \(node.attributes.keys.sorted().joined(separator: ", "))")
    }
    node.replacement = [graph.constant(value)]
  }

  private static func value(_ name: String, _ attribute: Attribute) -> Tensor? {
    switch (name, attribute) {
    case ("value", .tensor(let tensor)), ("sparse_value", .tensor(let tensor)): tensor
    case ("value_float", .float(let x)): .scalar(x)
    case ("value_floats", .floats(let x)): Tensor(x, shape: [x.count])
    case ("value_int", .int(let x)): .scalar(Int64(x))
    case ("value_ints", .ints(let x)): .integers(x)
    case ("value_string", .string(let x)): Tensor(strings: [x], shape: [])
    case ("value_strings", .strings(let x)): Tensor(strings: x, shape: [x.count])
    case ("value_floats", .ints(let x)) where x.isEmpty: Tensor([Float](), shape: [0])
    case ("value_ints", .floats(let x)) where x.isEmpty: .integers([])
    default: nil
    }
  }
}
