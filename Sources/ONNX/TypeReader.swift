import HoneIR

extension ValueType {
  /// The type a message describes. Sizes that are named or unknown become symbols.
  init(_ proto: TypeProto, unknown: () -> Dimension) throws(GraphError) {
    switch proto.value {
    case .tensorType(let type):
      self = .tensor(try Self.tensor(Int(type.elemType), type.hasShape ? type.shape : nil, unknown))
    case .sparseTensorType(let type):
      self = .tensor(try Self.tensor(Int(type.elemType), type.hasShape ? type.shape : nil, unknown))
    case .sequenceType(let type): self = .sequence(try ValueType(type.elemType, unknown: unknown))
    case .optionalType(let type): self = .optional(try ValueType(type.elemType, unknown: unknown))
    case .mapType(let type):
      guard let key = ElementType(code: Int(type.keyType)) else {
        throw GraphError(.type, "map key type \(type.keyType) is unknown")
      }
      self = .map(key: key, value: try ValueType(type.valueType, unknown: unknown))
    case nil: self = .tensor(.float32, nil)
    }
  }

  private static func tensor(_ code: Int, _ shape: TensorShapeProto?, _ unknown: () -> Dimension) throws(GraphError)
    -> TensorType
  {
    guard let element = ElementType(code: code) else { throw GraphError(.type, "element type \(code) is unknown") }
    guard let shape else { return TensorType(element, nil as [Dimension]?) }
    return TensorType(
      element,
      shape.dim.map { dim in
        switch dim.value {
        case .dimValue(let size): size >= 0 ? .fixed(Int(size)) : unknown()
        case .dimParam(let name) where !name.isEmpty: .symbol(name)
        default: unknown()
        }
      })
  }
}
