import HoneIR

extension Catalog {
  static let machineLearning: [any Op.Type] = [
  ]
}
