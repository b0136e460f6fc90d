import HoneIR

extension ElementType {
  /// The element type's name in safetensors files; nil for types that the format lacks.
  var safetensorsName: String? { Self.safetensorsNames.first { $0.element == self }?.name }

  /// The type of a name in safetensors files, if Hone has it.
  init?(safetensorsName name: String) {
    guard let known = Self.safetensorsNames.first(where: { $0.name == name }) else { return nil }
    self = known.element
  }

  private static let safetensorsNames: [(name: String, element: ElementType)] = [
    ("F64", .float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16), ("F8_E4M3", .float8e4m3fn),
    ("F8_E5M2", .float8e5m2), ("I64", .int64), ("I32", .int32), ("I16", .int16), ("I8", .int8), ("U64", .uint64),
    ("U32", .uint32), ("U16", .uint16), ("U8", .uint8), ("BOOL", .bool),
  ]
}
