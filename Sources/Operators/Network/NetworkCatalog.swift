import HoneIR

extension Catalog {
  static let network: [any Op.Type] = [
  ]
}
