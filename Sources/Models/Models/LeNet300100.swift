import HoneIR

extension BuiltInModel {
  /// The fully connected network of LeCun et al., “Gradient-based learning applied to document recognition”, 1998, with
  /// rectifiers: 300 and 100 units.
  ///
  /// input `[batch, 1, 28, 28]` → logits `[batch, 10]`; 266,610 parameters.
  static let leNet300100 = BuiltInModel(
    "lenet-300-100", "Fully connected, 300 and 100 units (LeCun et al. 1998)", .classification, .crossEntropy,
    ModelOptions(classes: 10, input: [1, 28, 28])
  ) { (network, settings) throws(GraphError) in
    try network.classifier(settings.input) {
      Flattening()
      Dense(300).named("fc1")
      Nonlinearity.relu
      Dense(100).named("fc2")
      Nonlinearity.relu
      Dense(settings.classes).named("fc3")
    }
  }
}
