import HoneIR

extension BuiltInModel {
  /// Long short-term memory of two layers, a dense layer from the last step to the classes.
  ///
  /// input `[batch, 96, 7]`, steps of features → logits `[batch, 10]`. Options: `hidden` units of each of `layers`.
  static let lstm = BuiltInModel(
    "lstm", "LSTM of two layers that classifies series by its last step", .classification, .crossEntropy,
    ModelOptions(classes: 10, input: [96, 7], hidden: 64, layers: 2, dropout: 0)
  ) { (network, settings) throws(GraphError) in
    try network.classifier(settings.input) {
      LSTMLayer(settings.hidden, layers: settings.layers, dropout: settings.dropout).named("lstm")
      Dense(settings.classes).named("fc")
    }
  }
}
