import HoneIR

extension BuiltInModel {
  /// The depthwise separable network of “Hello Edge: keyword spotting on microcontrollers” (Zhang et al., arXiv
  /// 1711.07128), its small form: 64 filters 10×4 with stride 2, then four blocks.
  ///
  /// input `[batch, 1, 49, 10]`, 49 steps of 10 cepstral coefficients → logits `[batch, 12]`.
  static let dsCNN = BuiltInModel(
    "ds-cnn", "Depthwise separable convolutions for keywords (Zhang et al. 2017)", .classification, .crossEntropy,
    ModelOptions(classes: 12, input: [1, 49, 10], layers: 4, width: 1, dropout: 0.2)
  ) { (network, settings) throws(GraphError) in
    try settings.requireImage(atLeast: 4)
    let filters = settings.channels(64)
    // As many zeros as it takes to have half the size, rounded up; one more at the end where odd.
    let missing = zip(settings.input[1...], [10, 4]).map { size, kernel in
      max(0, ((size + 1) / 2 - 1) * 2 + kernel - size)
    }
    let pads = missing.map { $0 / 2 } + missing.map { $0 - $0 / 2 }
    try network.classifier(settings.input) {
      Convolution2D(
        filters, kernel: [10, 4], strides: [2, 2], pads: pads, bias: false, weights: .kaimingNormal
      )
      .named("conv1")
      BatchNorm().named("bn1")
      Nonlinearity.relu
      DropoutLayer(settings.dropout)
      for i in 1...settings.layers {
        Sequential {
          DepthwiseConvolution(kernel: 3, padding: 1, bias: false, weights: .kaimingNormal).named("depthwise")
          BatchNorm().named("bn1")
          Nonlinearity.relu
          Convolution2D(filters, kernel: 1, bias: false, weights: .kaimingNormal).named("pointwise")
          BatchNorm().named("bn2")
          Nonlinearity.relu
        }.named("block\(i)")
      }
      GlobalAveragePooling()
      DropoutLayer(settings.dropout)
      Dense(settings.classes).named("fc")
    }
  }
}
