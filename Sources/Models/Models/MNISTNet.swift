import HoneIR

extension BuiltInModel {
  /// The small convolutional network that tutorials train on MNIST: 10 and 20 filters 5×5, each followed by the largest
  /// of 2×2 and a rectifier, then 50 units.
  ///
  /// input `[batch, 1, 28, 28]` → logits `[batch, 10]`; 21,840 parameters.
  static let mnistNet = BuiltInModel(
    "mnist-net", "Two convolutions and two dense layers for digits", .classification, .crossEntropy,
    ModelOptions(classes: 10, input: [1, 28, 28], width: 1)
  ) { (network, settings) throws(GraphError) in
    try settings.requireImage(atLeast: 16)
    try network.classifier(settings.input) {
      Convolution2D(settings.channels(10), kernel: 5).named("conv1")
      MaxPooling(2)
      Nonlinearity.relu
      Convolution2D(settings.channels(20), kernel: 5).named("conv2")
      MaxPooling(2)
      Nonlinearity.relu
      Flattening()
      Dense(settings.channels(50)).named("fc1")
      Nonlinearity.relu
      Dense(settings.classes).named("fc2")
    }
  }
}
