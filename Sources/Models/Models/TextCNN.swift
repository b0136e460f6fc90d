import HoneIR
import HoneOperators

extension BuiltInModel {
  /// The convolutional network for sentences of Kim (arXiv 1408.5882): filters over 3, 4 and 5 tokens, of each the largest
  /// response anywhere.
  ///
  /// input_ids int64 `[batch, 64]` → logits `[batch, classes]`. Options: `hidden` numbers for each of `vocabulary` ids;
  /// `width` multiplies the 100 filters of each length.
  static let textCNN = BuiltInModel(
    "textcnn", "Convolutions over 3, 4 and 5 tokens (Kim 2014)", .textClassification, .crossEntropy,
    ModelOptions(classes: 10, input: [64], hidden: 128, width: 1, vocabulary: 30522, dropout: 0.5)
  ) { (network, settings) throws(GraphError) in
    guard settings.input[0] >= 5 else {
      throw GraphError(.attribute, "option ‘input’ is at least 5 tokens, is \(settings.input[0])").at("option")
    }
    let rows = try network.append(
      Sequential {
        Embedding(settings.vocabulary, width: settings.hidden, weights: .uniform(0.25)).named("embedding")
        SwappedAxes()
      }, to: network.input("input_ids", settings.input, .int64))
    var strongest = ReduceMax()
    strongest.keepdims = false
    var features: [Value] = []
    for length in 3...5 {
      let responses = try network.append(
        Sequential {
          Convolution1D(settings.channels(100), kernel: length).named("conv\(length)")
          Nonlinearity.relu.named("relu\(length)")
        }, to: rows)
      features.append(
        try network.apply(
          strongest, responses, network.constant(.integers([2]), "steps\(length)"), named: "max\(length)"))
    }
    var concat = Concat()
    concat.axis = 1
    let logits = try network.append(
      Sequential {
        DropoutLayer(settings.dropout).named("dropout")
        Dense(settings.classes).named("fc")
      }, to: network.apply(concat, features, resultCount: 1)[0])
    network.output(logits, "logits")
  }
}
