import HoneIR
import HoneOperators

extension BuiltInModel {
  /// fastText (Joulin et al., arXiv 1607.01759): the mean of what stands for words and their sequences, and a linear
  /// classifier.
  ///
  /// input_ids int64 `[batch, 64]` → logits `[batch, classes]`. Options: `hidden` numbers for each of `vocabulary` ids.
  static let fastText = BuiltInModel(
    "fasttext", "The mean of embeddings and a linear classifier (Joulin et al. 2016)", .textClassification,
    .crossEntropy, ModelOptions(classes: 10, input: [64], hidden: 100, vocabulary: 30522)
  ) { (network, settings) throws(GraphError) in
    let bound = 1 / Float(settings.hidden)
    let rows = try network.append(
      Embedding(settings.vocabulary, width: settings.hidden, weights: .uniform(bound)),
      to: network.input("input_ids", settings.input, .int64), named: "embedding")
    var mean = ReduceMean()
    mean.keepdims = false
    let text = try network.apply(mean, rows, network.constant(.integers([1]), "tokens"), named: "mean")
    network.output(try network.append(Dense(settings.classes), to: text, named: "fc"), "logits")
  }
}
