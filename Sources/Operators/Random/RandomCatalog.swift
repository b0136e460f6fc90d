import HoneIR

extension Catalog {
  static let random: [any Op.Type] = [
  ]
}
