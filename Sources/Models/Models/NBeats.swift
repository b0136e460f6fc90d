import HoneIR
import HoneOperators

extension BuiltInModel {
  /// N-BEATS (Oreshkin et al., arXiv 1905.10437), its generic form: blocks of four dense layers, each of which explains a
  /// part of the past, which the next no longer sees, and adds a part of the forecast.
  ///
  /// input `[batch, 96, 1]`, steps of one series or of several read as one → forecast `[batch, 24]`. Options: `layers`
  /// blocks with dense layers of `hidden` units; the paper has 30 of 512.
  static let nBeats = BuiltInModel(
    "n-beats", "Blocks that explain the past and add to the forecast (Oreshkin et al. 2019)", .forecasting,
    .meanSquaredError, ModelOptions(classes: 24, input: [96, 1], hidden: 128, layers: 6)
  ) { (network, settings) throws(GraphError) in
    let past = network.input("input", settings.input)
    var rest = try network.append(Flattening(), to: past)
    let size = settings.input.reduce(1, *)
    var forecast: Value?
    for i in 0..<settings.layers {
      try network.scoped("blocks.\(i)") { (network) throws(GraphError) in
        let features = try network.append(
          Sequential {
            for layer in 1...4 {
              Dense(settings.hidden).named("fc\(layer)")
              Nonlinearity.relu.named("relu\(layer)")
            }
          }, to: rest)
        let part = try network.append(Dense(settings.classes), to: features, named: "forecast")
        forecast = try forecast.map { sum throws(GraphError) in try network.apply(Add(), sum, part) } ?? part
        // Nobody sees what the last block leaves of the past.
        guard i < settings.layers - 1 else { return }
        rest = try network.apply(Sub(), rest, network.append(Dense(size), to: features, named: "backcast"))
      }
    }
    network.output(forecast!, "forecast")
  }
}
