import HoneIR
import HoneOperators

extension BuiltInModel {
  /// Temporal convolutional network (Bai et al., arXiv 1803.01271): blocks of two causal convolutions of 3 steps, their
  /// dilation doubled from block to block; a dense layer from the last step to all steps to come.
  ///
  /// input `[batch, 96, 7]`, steps of features → forecast `[batch, 24]`. Options: `hidden` filters in each of `layers`
  /// blocks, which see 1 + 4·(2^layers − 1) steps.
  static let tcnForecaster = BuiltInModel(
    "tcn-forecaster", "Dilated causal convolutions over the past (Bai et al. 2018)", .forecasting, .meanSquaredError,
    ModelOptions(classes: 24, input: [96, 7], hidden: 32, layers: 5, dropout: 0.2)
  ) { (network, settings) throws(GraphError) in
    guard settings.layers <= 24 else {
      throw GraphError(.attribute, "option ‘layers’ is at most 24, is \(settings.layers)").at("option")
    }
    try network.forecaster(
      settings,
      Sequential {
        SwappedAxes()
        Sequential(
          (0..<settings.layers).map {
            CausalBlock(filters: settings.hidden, dilation: 1 << $0, dropout: settings.dropout)
          }
        ).named("network")
        LastStep()
        Dense(settings.classes).named("fc")
      })
  }
}

/// `[batch, channels, steps]` to `[batch, channels]`.
private struct LastStep: Layer {
  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    var op = Gather()
    op.axis = 2
    let last = Int64(try network.size(of: x, axis: 2) - 1)
    return try network.apply(op, x, network.constant(.scalar(last), "last"))
  }
}

private struct CausalBlock: Layer {
  var filters: Int
  var dilation: Int
  var dropout: Float

  func append(to network: inout Network, _ x: Value) throws(GraphError) -> Value {
    let inputs = try network.size(of: x, axis: 1)
    return try Residual(
      Sequential {
        for i in 1...2 {
          Convolution1D.causal(filters, kernel: 3, dilation: dilation, weights: .normal(deviation: 0.01))
            .named("conv\(i)")
          Nonlinearity.relu.named("relu\(i)")
          DropoutLayer(dropout).named("dropout\(i)")
        }
      },
      shortcut: inputs == filters
        ? nil : Convolution1D(filters, kernel: 1, weights: .normal(deviation: 0.01)).named("downsample"),
      activation: .relu
    ).append(to: &network, x)
  }
}
