import HoneIR

extension BuiltInModel {
  /// FSRCNN (Dong et al., arXiv 1608.00367): 56 features brought to 12, four 3×3 convolutions, back to 56, and one
  /// transposed convolution that enlarges.
  ///
  /// input `[batch, 1, 32, 32]`, the luminance → image `scale` times as high and wide. 12,464 weights of convolutions.
  /// Options: `scale` 2, 3 or 4; `layers` 3×3 convolutions.
  static let fsrcnn = BuiltInModel(
    "fsrcnn", "Small convolutions, enlarged at the end (Dong et al. 2016)", .superResolution, .meanSquaredError,
    ModelOptions(input: [1, 32, 32], layers: 4, width: 1, scale: 2)
  ) { (network, settings) throws(GraphError) in
    try settings.requireScale()
    let (features, few) = (settings.channels(56), settings.channels(12))
    let scale = settings.scale
    try network.superResolution(settings) {
      Convolution2D(features, kernel: 5, padding: 2, weights: .kaimingNormal, biases: .zeros).named("feature")
      Nonlinearity.prelu.named("feature.prelu")
      Convolution2D(few, kernel: 1, weights: .kaimingNormal, biases: .zeros).named("shrink")
      Nonlinearity.prelu.named("shrink.prelu")
      for i in 1...settings.layers {
        Convolution2D(few, kernel: 3, padding: 1, weights: .kaimingNormal, biases: .zeros).named("map\(i)")
        Nonlinearity.prelu.named("map\(i).prelu")
      }
      Convolution2D(features, kernel: 1, weights: .kaimingNormal, biases: .zeros).named("expand")
      Nonlinearity.prelu.named("expand.prelu")
      TransposedConvolution(
        settings.input[0], kernel: 9, stride: scale, padding: 4, outputPadding: scale - 1,
        weights: .normal(deviation: 0.001), biases: .zeros
      ).named("deconv")
    }
  }
}
