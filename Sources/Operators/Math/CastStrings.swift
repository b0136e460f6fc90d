public import HoneIR

extension Cast {
  /// From and to strings.
  public func evaluate(_ operands: [RuntimeValue?], in context: borrowing EvaluationContext) throws(GraphError)
    -> [RuntimeValue]
  {
    let x = try operands.tensor(0)
    if x.element == .string {
      return [.tensor(to == .string ? x : try Self.parsed(x.strings, to, sizes: x.sizes, self))]
    }
    guard to == .string else { return [.tensor(try converted(x))] }
    return [.tensor(Tensor(strings: Self.described(x), shape: x.sizes))]
  }

  /// The shortest text that gives the number again.
  private static func described(_ x: Tensor) -> [String] {
    switch x.element {
    case .float64: x.values(as: Double.self).map(\.description)
    case .float16: x.values(as: Float16.self).map(\.description)
    case .uint64: x.values(as: UInt64.self).map(\.description)
    case .bool: x.bools.map { $0 ? "True" : "False" }
    default: x.element.isFloatingPoint ? x.floats.map(\.description) : x.integers.map(\.description)
    }
  }

  private static func parsed(_ strings: [String], _ element: ElementType, sizes: [Int], _ cast: Cast) throws(GraphError)
    -> Tensor
  {
    let words = strings.map { String($0.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
    if element == .int64 || element == .uint64 { return try integers(words, element, sizes) }
    var values: [Double] = []
    for word in words {
      guard let value = Double(word) ?? truth(word) else { throw GraphError(.input, "“\(word)” is not a number") }
      values.append(value)
    }
    if element == .float64 { return Tensor(values, shape: sizes) }
    if element == .float32 { return Tensor(words.map { Float($0) ?? Float(Double($0) ?? truth($0)!) }, shape: sizes) }
    return try cast.converted(Tensor(values, shape: sizes))
  }

  private static func integers(_ words: [String], _ element: ElementType, _ sizes: [Int]) throws(GraphError) -> Tensor {
    var values: [UInt64] = []
    for word in words {
      if let value = Int64(word) {
        values.append(UInt64(bitPattern: value))
      } else if let value = UInt64(word) {
        values.append(value)
      } else if let value = Double(word), abs(value) < 9e18 {
        values.append(UInt64(bitPattern: Int64(value)))
      } else {
        throw GraphError(.input, "“\(word)” is not an integer")
      }
    }
    return Tensor(values, shape: sizes).reinterpreted(as: element)
  }

  private static func truth(_ word: String) -> Double? {
    switch word.lowercased() {
    case "true": 1
    case "false": 0
    default: nil
    }
  }

  /// `x` in type `to`, neither being strings.
  func converted(_ x: Tensor) throws(GraphError) -> Tensor {
    let (reader, writer) = (ElementReader(x.element), ElementWriter(to, saturate: saturate, rounding: round_mode))
    let count = x.elementCount
    return Tensor(x.type.with(to)) { target in
      x.withBytes { source in
        withUnsafeTemporaryAllocation(byteCount: 2 * CastBlock.count * 8, alignment: 64) { scratch in
          for start in stride(from: 0, to: count, by: CastBlock.count) {
            let length = min(CastBlock.count, count - start)
            reader.read(source.baseAddress!, from: start, count: length, into: scratch.baseAddress!)
            writer.write(
              scratch.baseAddress!, reader.type, count: length, scratch.baseAddress! + CastBlock.count * 8,
              into: target.baseAddress!, from: start)
          }
        }
      }
    }
  }
}
