public import HoneIR

/// Each row as a map from the names of its columns to their values.
public struct ZipMap: EvaluatedOp {
  public var classlabels_int64s: [Int] = []
  public var classlabels_strings: [String] = []
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  private var keyType: ElementType { classlabels_strings.isEmpty ? .int64 : .string }
  private var keys: [RuntimeValue.MapKey] {
    classlabels_strings.isEmpty ? classlabels_int64s.map { .integer($0) } : classlabels_strings.map { .string($0) }
  }
  private func mapType(_ element: ElementType) -> ValueType { .map(key: keyType, value: .tensor(element, [] as [Int])) }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    try call.expectOperands(1...1)
    let input = try call.tensor(0)
    if let columns = input.shape?.last?.size, columns != keys.count {
      throw GraphError(.type, "\(keys.count) labels for the columns of \(input)")
    }
    return [.sequence(mapType(input.element))]
  }

  public func evaluate(
    _ operands: [RuntimeValue?], in context: borrowing EvaluationContext
  ) throws(GraphError) -> [RuntimeValue] {
    let input = try operands.tensor(0)
    let keys = keys
    guard input.sizes.last == keys.count, input.sizes.count <= 2 else {
      throw GraphError(.input, "\(keys.count) labels for the columns of \(input.type)")
    }
    let values = input.floats
    var maps: [RuntimeValue] = []
    for row in 0..<input.sizes.dropLast().reduce(1, *) {
      var map: [RuntimeValue.MapKey: RuntimeValue] = [:]
      for (i, key) in keys.enumerated() { map[key] = .tensor(.scalar(values[row * keys.count + i])) }
      maps.append(.map(map, key: keyType, value: .tensor(input.element, [] as [Int])))
    }
    return [.sequence(maps, of: mapType(input.element))]
  }
}
