import HoneIR

extension Catalog {
  static let training: [any Op.Type] = [
    Adagrad.self, Adam.self, Momentum.self,
  ]
}
