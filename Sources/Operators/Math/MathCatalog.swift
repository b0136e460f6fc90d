import HoneIR

extension Catalog {
  static let math: [any Op.Type] = [
  ]
}
