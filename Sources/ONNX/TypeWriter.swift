import HoneIR

extension TypeProto {
  init(_ type: ValueType) {
    self.init()
    switch type {
    case .tensor(let tensor):
      var proto = TypeProto.Tensor()
      proto.elemType = Int32(tensor.element.code)
      if let shape = tensor.shape {
        proto.shape = TensorShapeProto()
        proto.shape.dim = shape.map { size in
          var dim = TensorShapeProto.Dimension()
          if let size = size.size {
            dim.dimValue = Int64(size)
          } else if let name = size.symbolName, !name.hasPrefix("?") {
            dim.dimParam = name
          }
          return dim
        }
      }
      tensorType = proto
    case .sequence(let element):
      var proto = TypeProto.Sequence()
      proto.elemType = TypeProto(element)
      sequenceType = proto
    case .optional(let element):
      var proto = TypeProto.Optional()
      proto.elemType = TypeProto(element)
      optionalType = proto
    case .map(let key, let value):
      var proto = TypeProto.Map()
      proto.keyType = Int32(key.code)
      proto.valueType = TypeProto(value)
      mapType = proto
    }
  }
}
