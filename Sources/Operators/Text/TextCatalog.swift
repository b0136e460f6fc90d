import HoneIR

extension Catalog {
  static let text: [any Op.Type] = [
  ]
}
