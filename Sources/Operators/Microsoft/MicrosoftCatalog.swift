import HoneIR

extension Catalog {
  static let microsoft: [any Op.Type] = [
  ]
}
