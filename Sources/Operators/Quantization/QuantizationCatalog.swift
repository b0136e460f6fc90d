import HoneIR

extension Catalog {
  static let quantization: [any Op.Type] = [
  ]
}
