public import HoneIR

/// The columns of all operands beside each other as float32; operand `i` gives `inputdimensions[i]` of them.
public struct FeatureVectorizer: ExecutableOp {
  public var inputdimensions: [Int] = []
  public init() {}
  public static var domain: String { "ai.onnx.ml" }

  public func infer(_ call: Call) throws(GraphError) -> [ValueType] {
    guard call.count >= 1, inputdimensions.isEmpty || inputdimensions.count == call.count else {
      throw GraphError(.arity, "has \(call.count) operands and \(inputdimensions.count) ‘inputdimensions’")
    }
    guard inputdimensions.allSatisfy({ $0 >= 0 && $0 < 1 << 31 }) else {
      throw GraphError(.attribute, "inputdimensions \(inputdimensions)")
    }
    var columns: Dimension = 0
    for i in 0..<call.count {
      let own = try call.shape(i)?.last ?? call.unknownSize()
      columns = columns + (inputdimensions.isEmpty ? own : .fixed(inputdimensions[i]))
    }
    return [.tensor(.float32, [try FeatureRows.count(call), columns])]
  }

  public func kernel(_ call: Call) throws(GraphError) -> Kernel {
    let sizes = try call.resultSizes()
    let (rows, total) = (sizes[0], sizes[1])
    var parts: [(access: DoubleAccess, own: Int, wanted: Int)] = []
    for i in 0..<call.count {
      let own = try call.sizes(i)
      guard own.count == 1 ? rows == 1 : own.count == 2 && own[0] == rows else {
        throw GraphError(.type, "\(try call.tensor(i)) does not have \(rows) rows")
      }
      parts.append(
        (
          try DoubleAccess(call.element(i)), own[own.count - 1],
          inputdimensions.isEmpty ? own[own.count - 1] : inputdimensions[i]
        ))
    }
    let taken = parts
    return Kernel(scratch: 8 * (parts.map(\.wanted).max() ?? 0)) { frame in
      let numbers = frame.scratch.assumingMemoryBound(to: Double.self)
      for row in 0..<rows {
        var column = 0
        for (i, part) in taken.enumerated() {
          let count = min(part.own, part.wanted)
          part.access.load(frame.operandBytes(i), from: row * part.own, count: count, into: numbers)
          let target = frame.result(0, as: Float.self) + row * total + column
          for j in 0..<part.wanted { target[j] = j < count ? Float(numbers[j]) : 0 }
          column += part.wanted
        }
      }
    }
  }
}
