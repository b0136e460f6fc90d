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
    NHWCBatchNormalization.self,
    NHWCBatchNormalizationGradient.self,
    NHWCChannelShuffle.self,
    NHWCConv.self,
    NHWCConvInputGradient.self,
    NHWCConvInteger.self,
    NHWCConvWeightGradient.self,
    NHWCGlobalAveragePool.self,
    NHWCMaxPool.self,
    NHWCQLinearConv.self,
    NHWCTrainedConv.self,
    RNN.self,
  ]
}
