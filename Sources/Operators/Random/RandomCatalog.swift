import HoneIR

extension Catalog {
  static let random: [any Op.Type] = [
    RandomNormal.self, RandomUniform.self, RandomNormalLike.self, RandomUniformLike.self, Bernoulli.self,
    Multinomial.self,
  ]
}
