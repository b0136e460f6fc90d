import HoneIR

extension Catalog {
  static let control: [any Op.Type] = [
  ]
}
