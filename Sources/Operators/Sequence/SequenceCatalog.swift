import HoneIR

extension Catalog {
  static let sequence: [any Op.Type] = [
  ]
}
