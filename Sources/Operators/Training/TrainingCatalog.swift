import HoneIR

extension Catalog {
  static let training: [any Op.Type] = [
    Adagrad.self, Adam.self, Momentum.self,
    AdamUpdate.self, SGDUpdate.self,
    AdvanceCounter.self, BlendStates.self, GradientNorm.self, RegularizeGradient.self, RunGate.self,
  ]
}
