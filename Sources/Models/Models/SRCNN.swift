import HoneIR

extension BuiltInModel {
  /// SRCNN (Dong et al., arXiv 1501.00092): 64 filters 9×9, 32 filters 1×1 and one 5×5 over an image that was enlarged
  /// before, padded so that its size stays.
  ///
  /// input `[batch, 1, 32, 32]`, the luminance, enlarged bicubically → image of the same size; 8,129 parameters.
  static let srcnn = BuiltInModel(
    "srcnn", "Three convolutions that sharpen an enlarged image (Dong et al. 2014)", .superResolution,
    .meanSquaredError, ModelOptions(input: [1, 32, 32], width: 1)
  ) { (network, settings) throws(GraphError) in
    let start = Initialization.normal(deviation: 0.001)
    try network.superResolution(settings) {
      Convolution2D(settings.channels(64), kernel: 9, padding: 4, weights: start, biases: .zeros).named("conv1")
      Nonlinearity.relu
      Convolution2D(settings.channels(32), kernel: 1, weights: start, biases: .zeros).named("conv2")
      Nonlinearity.relu
      Convolution2D(settings.input[0], kernel: 5, padding: 2, weights: start, biases: .zeros).named("conv3")
    }
  }
}
