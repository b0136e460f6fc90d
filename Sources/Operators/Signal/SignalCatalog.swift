import HoneIR

extension Catalog {
  static let signal: [any Op.Type] = [
  ]
}
