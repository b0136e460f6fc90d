public import HoneIR

extension Catalog {
  public static let network: [any Op.Type] = [
    AveragePool.self,
    AveragePoolGradient.self,
    Conv.self,
    ConvTranspose.self,
    DeformConv.self,
    DeformConvGradient.self,
    GRU.self,
    GlobalAveragePool.self,
    GlobalLpPool.self,
    GlobalMaxPool.self,
    LSTM.self,
    LpPool.self,
    MaxPool.self,
    MaxPoolGradient.self,
    MaxUnpool.self,
    NHWCAveragePool.self,
    NHWCAveragePoolGradient.self,
    NHWCChannelShuffle.self,
    NHWCConv.self,
    NHWCConvInteger.self,
    NHWCGlobalAveragePool.self,
    NHWCMaxPool.self,
    NHWCMaxPoolGradient.self,
    NHWCQLinearConv.self,
    RNN.self,
  ]
}
