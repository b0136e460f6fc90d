import HoneIR

extension BuiltInModel {
  /// The networks of Simonyan and Zisserman (arXiv 1409.1556) with 11, 13, 16 and 19 layers, without and with batch
  /// normalization (`-bn`), with torchvision's names.
  ///
  /// input `[batch, 3, 224, 224]` → logits `[batch, 1000]`; VGG-16 has 138,357,544 parameters.
  static let vggs: [BuiltInModel] = [11, 13, 16, 19].flatMap { depth in
    [vgg(depth, isNormalized: false), vgg(depth, isNormalized: true)]
  }

  /// Convolutions of each stage.
  private static func stages(_ depth: Int) -> [Int] {
    switch depth {
    case 11: [1, 1, 2, 2, 2]
    case 13: [2, 2, 2, 2, 2]
    case 16: [2, 2, 3, 3, 3]
    default: [2, 2, 4, 4, 4]
    }
  }

  private static func vgg(_ depth: Int, isNormalized: Bool) -> BuiltInModel {
    BuiltInModel(
      "vgg\(depth)\(isNormalized ? "-bn" : "")",
      "\(depth) layers of 3×3 convolutions\(isNormalized ? ", normalized" : "") (Simonyan and Zisserman 2014)",
      .classification, .crossEntropy,
      ModelOptions(classes: 1000, input: [3, 224, 224], width: 1, dropout: 0.5)
    ) { (network, settings) throws(GraphError) in
      try settings.requireImage(atLeast: 32)
      let features = Sequential {
        for (count, filters) in zip(stages(depth), [64, 128, 256, 512, 512]) {
          for _ in 0..<count {
            Convolution2D(
              settings.channels(filters), kernel: 3, padding: 1, weights: .kaimingNormalOutgoing, biases: .zeros)
            if isNormalized { BatchNorm() }
            Nonlinearity.relu
          }
          MaxPooling(2)
        }
      }
      let classifier = Sequential {
        Dense(settings.channels(4096), weights: .normal(deviation: 0.01), biases: .zeros)
        Nonlinearity.relu
        DropoutLayer(settings.dropout)
        Dense(settings.channels(4096), weights: .normal(deviation: 0.01), biases: .zeros)
        Nonlinearity.relu
        DropoutLayer(settings.dropout)
        Dense(settings.classes, weights: .normal(deviation: 0.01), biases: .zeros)
      }
      try network.classifier(settings.input) {
        features.named("features")
        PoolingTo(7)
        Flattening()
        classifier.named("classifier")
      }
    }
  }
}
