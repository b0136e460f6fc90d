import HoneIR

extension Catalog {
  static let reduction: [any Op.Type] = [
  ]
}
