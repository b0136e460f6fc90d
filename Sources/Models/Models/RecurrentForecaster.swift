import HoneIR

extension BuiltInModel {
  /// Long short-term memory over the past, a dense layer from the last step to all steps to come.
  ///
  /// input `[batch, 96, 7]`, steps of features → forecast `[batch, 24]`. Options: `hidden` units of each of `layers`.
  static let lstmForecaster = BuiltInModel(
    "lstm-forecaster", "LSTM over the past, all steps to come at once", .forecasting, .meanSquaredError,
    ModelOptions(classes: 24, input: [96, 7], hidden: 64, layers: 2, dropout: 0)
  ) { (network, settings) throws(GraphError) in
    try network.forecaster(
      settings,
      Sequential {
        LSTMLayer(settings.hidden, layers: settings.layers, dropout: settings.dropout).named("lstm")
        Dense(settings.classes).named("fc")
      })
  }

  /// Gated recurrent units over the past, a dense layer from the last step to all steps to come.
  ///
  /// input `[batch, 96, 7]`, steps of features → forecast `[batch, 24]`. Options: `hidden` units of each of `layers`.
  static let gruForecaster = BuiltInModel(
    "gru-forecaster", "GRU over the past, all steps to come at once", .forecasting, .meanSquaredError,
    ModelOptions(classes: 24, input: [96, 7], hidden: 64, layers: 2, dropout: 0)
  ) { (network, settings) throws(GraphError) in
    try network.forecaster(
      settings,
      Sequential {
        GRULayer(settings.hidden, layers: settings.layers, dropout: settings.dropout).named("gru")
        Dense(settings.classes).named("fc")
      })
  }
}

extension Network {
  /// One input “input”, one output “forecast” and `layer` between.
  mutating func forecaster(_ settings: ModelSettings, _ layer: any Layer) throws(GraphError) {
    let past = input("input", settings.input)
    output(try append(layer, to: past), "forecast")
  }
}
