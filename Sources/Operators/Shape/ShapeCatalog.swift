import HoneIR

extension Catalog {
  static let shape: [any Op.Type] = [
  ]
}
