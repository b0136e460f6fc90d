public import HoneIR

/// The value that belongs to each element as key, or a default. Of equal keys, the last holds.
public struct LabelEncoder: EvaluatedOp {
  public var default_float: Float = -0.0
  public var default_int64 = -1
  public var default_string = "_Unused"
  public var default_tensor: Tensor?
  public var keys_floats: [Float] = []
  public var keys_int64s: [Int] = []
  public var keys_strings: [String] = []
  public var keys_tensor: Tensor?
  public var values_floats: [Float] = []
  public var values_int64s: [Int] = []
  public var values_strings: [String] = []
  public var values_tensor: Tensor?
  public init() {}
  public static var domain: String { "ai.onnx.ml" }
  public static var since: Int { 2 }

  private enum Key: Hashable {
    case string(String)
    case integer(Int)
    case number(Double)
    case missing
    init(_ number: Double) { self = number.isNaN ? .missing : .number(number) }
  }

  /// The values, with the default at the end.
  private func values() throws(GraphError) -> Tensor {
    let values: Tensor
    let fallback: Tensor
    if let values_tensor {
      values = values_tensor
      if let default_tensor { fallback = default_tensor } else { fallback = try defaultValue(values.element) }
    } else if !values_strings.isEmpty {
      (values, fallback) = (
        Tensor(strings: values_strings, shape: [values_strings.count]), Tensor(strings: [default_string], shape: [1])
      )
    } else if !values_int64s.isEmpty {
      (values, fallback) = (.integers(values_int64s), .integers([default_int64]))
    } else {
      (values, fallback) = (Tensor(values_floats, shape: [values_floats.count]), Tensor([default_float], shape: [1]))
    }
    guard fallback.elementCount == 1, fallback.element == values.element else {
      throw GraphError(.attribute, "the default \(fallback) does not fit values \(values.type)")
    }
    return try .concatenated([values.reshaped([values.elementCount]), fallback.reshaped([1])], along: 0)
  }

  private func defaultValue(_ element: ElementType) throws(GraphError) -> Tensor {
    if element == .string { return Tensor(strings: ["_Unused"], shape: [1]) }
    return try DoubleAccess(element).tensor([element.isFloatingPoint ? -0.0 : -1], shape: [1])
  }

  private func keys() -> [Key] {
    if let keys_tensor { return keys(of: keys_tensor) }
    if !keys_strings.isEmpty { return keys_strings.map { .string($0) } }
    return keys_int64s.isEmpty ? keys_floats.map { Key(Double($0)) } : keys_int64s.map { .integer($0) }
  }

  private func keys(of tensor: Tensor) -> [Key] {
    if tensor.element == .string { return tensor.strings.map { .string($0) } }
    return tensor.element.isFloatingPoint ? tensor.doubles.map { Key($0) } : tensor.integers.map { .integer($0) }
  }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let (values, keys) = (try values(), keys())
    guard keys.count == values.elementCount - 1 else {
      throw GraphError(.attribute, "\(keys.count) keys for \(values.elementCount - 1) values")
    }
    return [.tensor(try call.tensor(0).with(values.element))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let values = try values()
    let places = Dictionary(keys().enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
    let chosen = keys(of: input).map { places[$0] ?? values.elementCount - 1 }
    if values.element == .string {
      let strings = values.strings
      return [.tensor(Tensor(strings: chosen.map { strings[$0] }, shape: input.sizes))]
    }
    let width = values.element.bitWidth / 8
    guard width > 0 else { throw GraphError(.unsupported, "values of type \(values.element.rawValue)") }
    let result = Tensor(uninitialized: TensorType(values.element, input.sizes)) { target in
      values.withBytes { source in
        for (i, place) in chosen.enumerated() {
          target.baseAddress!.advanced(by: i * width).copyMemory(
            from: source.baseAddress! + place * width, byteCount: width)
        }
      }
    }
    return [.tensor(result)]
  }
}

extension LabelEncoder: UpgradableOp {
  /// Version 1 numbers the strings of one list, or gives the string that has a number.
  public static func upgrade(_ node: inout NodeDraft, from version: Int, in graph: inout Graph) throws(GraphError) {
    guard version < 2, let classes = node.attributes.removeValue(forKey: "classes_strings")?.strings else { return }
    guard let operand = node.operands.first, let operand else { return }
    let numbers = Attribute.ints(Array(classes.indices))
    if graph.tensorType(of: operand).element == .string {
      (node.attributes["keys_strings"], node.attributes["values_int64s"]) = (.strings(classes), numbers)
    } else {
      (node.attributes["keys_int64s"], node.attributes["values_strings"]) = (numbers, .strings(classes))
    }
  }
}
