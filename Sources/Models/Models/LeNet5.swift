import HoneIR

extension BuiltInModel {
  /// LeNet-5 (LeCun et al., “Gradient-based learning applied to document recognition”, 1998), all maps connected:
  /// convolutions of 6 and 16 filters 5×5, means of 2×2, hyperbolic tangents, 120 and 84 units. The first convolution
  /// pads by 2, as 32×32 images would.
  ///
  /// input `[batch, 1, 28, 28]` → logits `[batch, 10]`; 61,706 parameters.
  static let leNet5 = BuiltInModel(
    "lenet-5", "Two convolutions, three dense layers, tanh (LeCun et al. 1998)", .classification, .crossEntropy,
    ModelOptions(classes: 10, input: [1, 28, 28], width: 1)
  ) { (network, settings) throws(GraphError) in
    try settings.requireImage(atLeast: 12)
    try network.classifier(settings.input) {
      Convolution2D(settings.channels(6), kernel: 5, padding: 2).named("conv1")
      Nonlinearity.tanh
      AveragePooling(2)
      Convolution2D(settings.channels(16), kernel: 5).named("conv2")
      Nonlinearity.tanh
      AveragePooling(2)
      Flattening()
      Dense(settings.channels(120)).named("fc1")
      Nonlinearity.tanh
      Dense(settings.channels(84)).named("fc2")
      Nonlinearity.tanh
      Dense(settings.classes).named("fc3")
    }
  }
}
