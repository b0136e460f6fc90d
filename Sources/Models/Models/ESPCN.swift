import HoneIR

extension BuiltInModel {
  /// ESPCN (Shi et al., arXiv 1609.05158): 64 filters 5×5, 32 filters 3×3, and scale² filters 3×3 that become pixels.
  ///
  /// input `[batch, 1, 32, 32]`, the luminance → image `scale` times as high and wide. Options: `scale` 2, 3 or 4.
  static let espcn = BuiltInModel(
    "espcn", "Three convolutions whose channels become pixels (Shi et al. 2016)", .superResolution, .meanSquaredError,
    ModelOptions(input: [1, 32, 32], width: 1, scale: 3)
  ) { (network, settings) throws(GraphError) in
    try settings.requireScale()
    try network.superResolution(settings) {
      Convolution2D(settings.channels(64), kernel: 5, padding: 2).named("conv1")
      Nonlinearity.tanh
      Convolution2D(settings.channels(32), kernel: 3, padding: 1).named("conv2")
      Nonlinearity.tanh
      Convolution2D(settings.input[0] * settings.scale * settings.scale, kernel: 3, padding: 1).named("conv3")
      PixelShuffle(settings.scale)
    }
  }
}
