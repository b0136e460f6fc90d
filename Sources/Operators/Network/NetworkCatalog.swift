import HoneIR

extension Catalog {
  static let network: [any Op.Type] = [
    AveragePool.self,
    Conv.self,
    ConvTranspose.self,
    DeformConv.self,
    GRU.self,
    GlobalAveragePool.self,
    GlobalLpPool.self,
    GlobalMaxPool.self,
    LSTM.self,
    LpPool.self,
    MaxPool.self,
    MaxUnpool.self,
    NHWCAveragePool.self,
    NHWCChannelShuffle.self,
    NHWCConv.self,
    NHWCConvInteger.self,
    NHWCGlobalAveragePool.self,
    NHWCMaxPool.self,
    NHWCQLinearConv.self,
    RNN.self,
    RecurrentGradient.self,
    RecurrentTraining.self,
  ]
}
