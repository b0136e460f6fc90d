import HoneIR

extension BuiltInModel {
  /// The size of MiniLM-L6-H384 (Wang et al., arXiv 2002.10957), with a classifier: 6 layers of 12 heads, 384 wide.
  ///
  /// input_ids int64 `[batch, 64]`, all of them attended to → logits `[batch, 10]`; 22,717,066 parameters. Options: at
  /// most 512 tokens, `hidden` a multiple of 12.
  static let miniLM = BuiltInModel(
    "minilm", "Transformer of 6 layers that classifies text (Wang et al. 2020)", .textClassification, .crossEntropy,
    ModelOptions(classes: 10, input: [64], hidden: 384, layers: 6, vocabulary: 30522, dropout: 0.1)
  ) { (network, settings) throws(GraphError) in
    try TransformerEncoder(heads: 12).append(to: &network, settings)
  }
}
