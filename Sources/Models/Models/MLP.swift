import HoneIR

extension BuiltInModel {
  /// A multilayer perceptron: dense layers of equal width with rectifiers, for tables and other vectors.
  ///
  /// input `[batch, features]` → logits `[batch, classes]`. Options: `hidden` units of each of `layers` hidden layers,
  /// `dropout` behind each.
  static let mlp = BuiltInModel(
    "mlp", "Multilayer perceptron for vectors of features", .classification, .crossEntropy,
    ModelOptions(classes: 10, input: [784], hidden: 256, layers: 2, dropout: 0)
  ) { (network, settings) throws(GraphError) in
    try network.classifier(settings.input) {
      for i in 1...settings.layers {
        Dense(settings.hidden).named("fc\(i)")
        Nonlinearity.relu
        if settings.dropout > 0 { DropoutLayer(settings.dropout) }
      }
      Dense(settings.classes).named("fc\(settings.layers + 1)")
    }
  }
}
