import HoneIR

extension Catalog {
  static let signal: [any Op.Type] = [
    DFT.self, STFT.self, MelWeightMatrix.self, HannWindow.self, HammingWindow.self, BlackmanWindow.self,
  ]
}
