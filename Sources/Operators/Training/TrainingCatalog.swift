import HoneIR

extension Catalog {
  static let training: [any Op.Type] = [
    Adagrad.self, Adam.self, Momentum.self,
    AdagradUpdate.self, AdamUpdate.self, LAMBUpdate.self, LARSUpdate.self, RMSPropUpdate.self, SGDUpdate.self,
    AdvanceCounter.self, BlendStates.self, CTCLoss.self, DistinctRows.self, DropRandomly.self, GradientNorm.self,
    RegularizeGradient.self, RunGate.self,
  ]
}
