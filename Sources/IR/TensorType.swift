/// Element type and shape of a tensor.
public struct TensorType: Sendable, Hashable, Codable {
  public var element: ElementType
  /// Sizes, outermost first; nil when not even the rank is known.
  public var shape: [Dimension]?

  public init(_ element: ElementType, _ shape: [Dimension]?) { (self.element, self.shape) = (element, shape) }
  public init(_ element: ElementType, _ sizes: [Int]) { self.init(element, sizes.map(Dimension.fixed)) }

  public var rank: Int? { shape?.count }
  /// The sizes, if all are known.
  public var sizes: [Int]? {
    guard let shape else { return nil }
    var sizes: [Int] = []
    sizes.reserveCapacity(shape.count)
    for dimension in shape {
      guard let size = dimension.size else { return nil }
      sizes.append(size)
    }
    return sizes
  }
  public var isConcrete: Bool { sizes != nil }
  /// Nil also where the product is no number a machine has memory for.
  public var elementCount: Int? {
    guard let sizes else { return nil }
    var count = 1
    for size in sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, size >= 0, product < 1 << 48 else { return nil }
      count = product
    }
    return count
  }
  public var byteCount: Int? { elementCount.map(element.byteCount) }
  public func with(_ element: ElementType) -> TensorType { TensorType(element, shape) }
  public func with(shape: [Dimension]?) -> TensorType { TensorType(element, shape) }
}

extension TensorType: CustomStringConvertible {
  public var description: String {
    guard let shape else { return "\(element.rawValue)[…]" }
    return "\(element.rawValue)[\(shape.map(\.description).joined(separator: "×"))]"
  }
}

/// The type of a value: nearly always a tensor; ONNX also has sequences, optionals and maps.
public indirect enum ValueType: Sendable, Hashable, Codable {
  case tensor(TensorType)
  case sequence(ValueType)
  case optional(ValueType)
  case map(key: ElementType, value: ValueType)

  public static func tensor(_ element: ElementType, _ shape: [Dimension]?) -> ValueType {
    .tensor(TensorType(element, shape))
  }
  public static func tensor(_ element: ElementType, _ sizes: [Int]) -> ValueType { .tensor(TensorType(element, sizes)) }
  public var tensor: TensorType? { if case .tensor(let type) = self { type } else { nil } }
}

extension ValueType: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tensor(let type): type.description
    case .sequence(let type): "sequence(\(type))"
    case .optional(let type): "optional(\(type))"
    case .map(let key, let value): "map(\(key.rawValue), \(value))"
    }
  }
}
