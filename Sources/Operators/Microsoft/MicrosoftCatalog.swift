import HoneIR

extension Catalog {
  static let microsoft: [any Op.Type] = [
    FusedConv.self,
    FusedGemm.self,
    QuickGelu.self,
  ]
}
