import HoneIR

extension Catalog {
  static let training: [any Op.Type] = [
  ]
}
