import HoneIR

extension BuiltInModel {
  /// AlexNet (Krizhevsky et al. 2012) in the one-column form of “One weird trick for parallelizing convolutional neural
  /// networks” (arXiv 1404.5997), with torchvision's names.
  ///
  /// input `[batch, 3, 224, 224]` → logits `[batch, 1000]`; 61,100,840 parameters.
  static let alexNet = BuiltInModel(
    "alexnet", "Five convolutions, three dense layers (Krizhevsky et al. 2012)", .classification, .crossEntropy,
    ModelOptions(classes: 1000, input: [3, 224, 224], width: 1, dropout: 0.5)
  ) { (network, settings) throws(GraphError) in
    try settings.requireImage(atLeast: 63)
    let features = Sequential {
      Convolution2D(settings.channels(64), kernel: 11, stride: 4, padding: 2)
      Nonlinearity.relu
      MaxPooling(3, stride: 2)
      Convolution2D(settings.channels(192), kernel: 5, padding: 2)
      Nonlinearity.relu
      MaxPooling(3, stride: 2)
      Convolution2D(settings.channels(384), kernel: 3, padding: 1)
      Nonlinearity.relu
      Convolution2D(settings.channels(256), kernel: 3, padding: 1)
      Nonlinearity.relu
      Convolution2D(settings.channels(256), kernel: 3, padding: 1)
      Nonlinearity.relu
      MaxPooling(3, stride: 2)
    }
    let classifier = Sequential {
      DropoutLayer(settings.dropout)
      Dense(settings.channels(4096))
      Nonlinearity.relu
      DropoutLayer(settings.dropout)
      Dense(settings.channels(4096))
      Nonlinearity.relu
      Dense(settings.classes)
    }
    try network.classifier(settings.input) {
      features.named("features")
      PoolingTo(6)
      Flattening()
      classifier.named("classifier")
    }
  }
}
